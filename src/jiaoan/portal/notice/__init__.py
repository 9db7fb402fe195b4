"""Pages of notice."""
