"""From bytes to encrypted parts in the vault, and back."""
