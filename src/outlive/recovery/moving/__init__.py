"""A cluster moves to a server of somebody else: both ends, what stands against it, how they are compared."""
