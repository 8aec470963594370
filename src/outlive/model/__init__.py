"""The nouns that everything shares. Pure: importing this loads no I/O."""
