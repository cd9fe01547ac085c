"""A page from its file to its ink: read, paper, seals, lines, ink. Knows no network."""
