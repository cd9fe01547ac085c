"""A page in, character boxes out. Knows nothing of the other two packages."""
