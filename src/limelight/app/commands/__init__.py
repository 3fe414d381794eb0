"""The commands, each a function that the command line calls."""
