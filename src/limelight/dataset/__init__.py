"""Muddy Mix and whatever else mixtures are made from."""
