"""Durable runs: started once, gone on with after any kill, remembered."""
