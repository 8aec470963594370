"""What a runbook can do, one kind of step a file, found by its name in `registry.py`."""
