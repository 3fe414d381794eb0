"""Directors trained and judged: on mixtures with known truth, and on finished films that are good by definition."""
