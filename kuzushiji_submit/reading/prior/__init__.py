"""The text prior: which character is likely to follow which."""
