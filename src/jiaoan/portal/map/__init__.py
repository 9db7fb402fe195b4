"""Pages of map."""
