"""Muddy Mix: badly mixed training data out of well mixed films and sounds."""
