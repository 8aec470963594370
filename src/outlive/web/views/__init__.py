"""What each view shows, one file a view, from the documents that the commands print. Pure."""
