"""Badly mixed training data out of well mixed sound."""
