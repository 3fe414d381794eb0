"""Training, ablation, export (torch, extra `train`)."""
