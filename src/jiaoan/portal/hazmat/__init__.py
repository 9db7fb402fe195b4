"""Pages of hazmat."""
