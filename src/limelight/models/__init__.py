"""Model files and how they are run."""
