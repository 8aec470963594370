"""Fuzzing of what reads other people's text: `make fuzz`. Not part of `make test`: what it finds becomes a test there."""
