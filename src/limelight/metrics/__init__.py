"""Metrics, controls, baselines, and the evaluator."""
