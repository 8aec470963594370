"""What the keeper remembers between two looks: when what is due, and how far each stream is. Never the only copy of
anything: copies, proofs and lineages are in the vault."""
