"""Signals in, signals out: STFT, loudness, true peak, limiter, resampling (NumPy). Knows nothing of files."""
