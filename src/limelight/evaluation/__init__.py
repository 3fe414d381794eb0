"""Metrics, controls and the tables made of them."""
