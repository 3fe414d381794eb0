"""Models that remix in one step."""
