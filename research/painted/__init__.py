"""A painter of moving pictures in time with sound. Start at `storyboard` (what is shown) and `film` (how it is painted)."""
