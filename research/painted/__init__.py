"""A small renderer of moving pictures, in time with the stems of a scene."""
