"""What is written around a character: it says which of the readings that the eye offers is right."""
