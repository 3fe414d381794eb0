"""Encoders that need downloaded weights (extra `context`)."""
