"""`python -m outlive` is the `outlive` command."""

from outlive.cli.main import main

main()
