"""Model files and the sessions that run them (ONNX Runtime)."""
