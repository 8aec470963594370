"""What services write: how far it was read, how much it is, what stands in it. Pure."""
