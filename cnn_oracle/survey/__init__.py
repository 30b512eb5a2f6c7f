"""Many calls: whole small worlds, worker processes that may die, what drawn calls reach."""
