"""Proof: bytes re-read, copies restored into a throwaway place, and the verifier's own test."""
