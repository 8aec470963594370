"""What a copy is, where its objects lie in the vault, and what follows from the row of an asset's copies."""
