"""Networks that Limelight runs: separators, directors, and what they are told."""
