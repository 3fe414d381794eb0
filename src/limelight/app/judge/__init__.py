"""Methods, controls and models on the clips of a data set: what they do, how far from the truth, told in tables."""
