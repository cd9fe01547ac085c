"""What is in a data folder, as figures and pictures."""
