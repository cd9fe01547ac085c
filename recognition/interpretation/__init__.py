"""What a recognizer gets wrong and where it looks, in memory that does not grow with crops times classes."""
