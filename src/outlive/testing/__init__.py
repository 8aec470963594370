"""Shipped for tests, ours and other people's: scripted worlds and the contracts that a new part must keep."""
