"""Limelight: watches a video and rebalances its soundtrack, so that what the picture is about is what you hear."""

__version__ = "0.1.0"
