"""Training runs, whichever stage they train."""
