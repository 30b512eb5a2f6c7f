"""Many calls at once: every geometry up to a size, in worker processes that may die, or on a cluster."""
