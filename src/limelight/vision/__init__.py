"""What the picture says, as numbers and as words."""
