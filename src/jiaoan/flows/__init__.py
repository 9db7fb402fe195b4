"""What follows from what: one visible table from fact kinds to verbs of other rooms."""
