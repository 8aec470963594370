"""Bringing copies back: files, clusters, databases, any second of a window."""
