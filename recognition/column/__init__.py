"""The column model: what the characters before and after a place make of what may stand there."""
