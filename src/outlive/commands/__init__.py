"""What we say to other programs and how we read their answers. Pure: argument vectors out, text in, facts out."""
