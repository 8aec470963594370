"""Coming back, and not making it worse: what may be destroyed, and when."""
