"""Pages of fences and named places 围栏与场所."""
