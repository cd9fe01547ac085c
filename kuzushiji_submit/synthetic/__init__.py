"""Synthetic competitions: pages in the competition's own layout, drawn with brush fonts, with exact truth."""
