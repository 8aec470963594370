"""Taking copies, listing, verifying, restoring, drilling and pruning them."""
