"""How assets stand, what may be deleted, and the second vault."""
