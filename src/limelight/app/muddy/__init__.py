"""A muddy data set put before people: in words, and as a page to listen to."""
