"""A page in, character boxes out. Knows nothing of the recognizer, and of kuzushiji_submit only `core`."""
