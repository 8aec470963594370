"""The keeper: what `outlive keep` does all day."""
