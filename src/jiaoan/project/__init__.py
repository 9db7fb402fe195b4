"""Settings, command line, supervisor: the only room that knows all the others."""
