"""Is what is heard what is seen: measured on real faces and real films."""
