"""Scanning logs side by side: see bench/README.md."""
