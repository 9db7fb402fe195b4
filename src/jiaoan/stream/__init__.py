"""Bus → rules over arrays → findings and tracks. Knows no Django."""
