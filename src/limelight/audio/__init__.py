"""Signal processing on arrays."""
