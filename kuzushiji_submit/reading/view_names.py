"""What users call the ways in which pages lie in their files; imports nothing, so that the command line can."""

from typing import Literal

Orientation = Literal["auto", "upright", "90", "180", "270"]
"""Degrees by which pages are turned clockwise; "auto" to find out, page by page."""
Polarity = Literal["auto", "positive", "negative"]
"""Ink darker or lighter than paper; "auto" to find out, page by page."""
