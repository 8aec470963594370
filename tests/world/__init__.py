"""The test world: real servers on this machine, started for the tests and ended with them (README.md tells how)."""
