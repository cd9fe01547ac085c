"""Data folders in, crops and prepared pages to train on out."""
