"""What a hand may ask for a character before it turns to its fonts."""

from typing import Protocol

import numpy as np

from kuzushiji_submit.synthetic.types import Mask


class GlyphSource(Protocol):
    """Writes some characters by itself."""

    def write(
        self, codepoint: str, size_hw: tuple[float, float], rng: np.random.Generator, *, needed: bool = False
    ) -> Mask | None:
        """Writes one character.

        Args:
            codepoint: such as "U+306F".
            size_hw: wanted height and width of the ink in pixels.
            rng: the source of randomness.
            needed: whether no font holds the character, so that a source that leaves some to the fonts does not.

        Returns:
            uint8 (H, W) ink, cut to its extent, or None where the fonts shall write it.
        """
        ...
