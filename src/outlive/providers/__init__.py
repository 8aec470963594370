"""One file a cloud: asks it for a snapshot of a project. Nothing here changes anything there."""
