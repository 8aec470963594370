"""The ways out: to a host over SSH, to this machine, to Postgres behind either."""
