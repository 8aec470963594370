"""Secrets are changed after a possible compromise: which of them are ours to change, and how a password is recognised."""
