"""Step 4, comparing: bitwise on an exact grid, elsewhere within a bound that is derived for each op."""
