"""`outlive demo`: the whole story on one machine, with a real Postgres under load and the real code of every command."""
