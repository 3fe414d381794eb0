"""The demo film, made by script: one story told by a picture and three stems of sound."""
