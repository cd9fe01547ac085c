"""Crops in, characters out. Knows nothing of the other two packages."""
