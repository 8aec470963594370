"""What must never be in a log, and signs of compromise. Pure: text goes in as bytes, findings without the secret come out.

`scanner.Scanner` is the door. Rules are data (`rules/*.toml`); docs/how-to/add-a-leak-rule.md says how to add one.
"""
