"""Outlive: your data outlives your server."""

__version__ = "0.1.0"
