"""Sounds made rather than recorded: rendered scores for music, synthesised voices for speech."""
