"""The torch networks (extra `train`). They know arrays, never films."""
