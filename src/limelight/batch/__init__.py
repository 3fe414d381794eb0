"""Many films, clips or scenes at once: a queue of jobs, and the engines that run them, here or on a cluster."""
