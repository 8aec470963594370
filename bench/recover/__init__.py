"""A lost host, from gone to served, with the keeper killed on the way."""
