"""Scenes with known truth: separate sounds, mixed as the picture asks for."""
