"""Losses, the loop, export to ONNX (torch, extra `train`)."""
