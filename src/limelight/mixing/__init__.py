"""Separate, decide, render."""
