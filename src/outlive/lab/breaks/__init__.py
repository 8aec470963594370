"""The ways in which a lab is broken, and mended. `table.py` lists them."""
