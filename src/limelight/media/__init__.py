"""Files: probing, reading, sampling frames, writing, verifying. PyAV lives here and nowhere else."""
