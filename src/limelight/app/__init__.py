"""The doors: the main path, the command line, the report."""
