"""Looking at hosts: what is asked of whom, how often, what of it is remembered, and who is who."""
