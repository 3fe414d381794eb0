"""Files in, files out: containers, packets, pictures and blocks of sound (PyAV). Knows nothing of loudness."""
