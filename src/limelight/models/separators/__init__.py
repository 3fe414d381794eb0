"""Separators: what makes stems of a sound."""
