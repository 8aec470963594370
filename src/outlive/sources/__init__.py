"""What can be saved: one file a kind."""
