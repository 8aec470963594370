"""Who looks. One file a kind; each reports observations and judges nothing."""
