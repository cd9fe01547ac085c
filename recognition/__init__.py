"""Crops in, characters out. Knows nothing of the detector, and of kuzushiji_submit only the ground floor, `core`."""
