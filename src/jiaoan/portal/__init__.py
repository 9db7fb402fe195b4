"""Pages, live push, and the interface for other platforms."""
