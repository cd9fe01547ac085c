"""Text with the class frequencies and the neighbourhoods of real pages."""

from collections.abc import Callable

import numpy as np

from kuzushiji_submit.synthetic.statistics import PageStatistics
from kuzushiji_submit.synthetic.types import FloatArray

BIGRAM_SHARE = 0.75
FAVOR = 5.0
KANA_START, KANA_END = 0x3041, 0x3094


class TextSource:
    """Draws characters one after another.

    Args:
        statistics: class counts and bigrams of real pages.
        drawable: whether a character can be drawn; others are never chosen.
        tempering: 0 keeps the real class frequencies, 1 makes every class equally likely.
        favored: characters that tempering makes likelier than others, at 1 by a factor of FAVOR.

    Raises:
        ValueError: if not one character of the statistics can be drawn.
    """

    def __init__(
        self,
        statistics: PageStatistics,
        drawable: Callable[[str], bool],
        tempering: float = 0.0,
        favored: frozenset[str] = frozenset(),
    ) -> None:
        self._statistics = statistics
        self._drawable = drawable
        self._characters = [character for character in statistics.counts if drawable(character)]
        if not self._characters:
            raise ValueError("none of the characters can be drawn")
        counts = np.array([statistics.counts[character] for character in self._characters], np.float64)
        favor = np.array([FAVOR if character in favored else 1.0 for character in self._characters])
        self._cumulative = _cumulative(counts ** (1.0 - tempering) * favor**tempering)
        self._bigram_share = BIGRAM_SHARE * (1.0 - tempering)
        kana = np.array([KANA_START <= ord(character) < KANA_END for character in self._characters])
        self._kana_cumulative = _cumulative(counts * (kana if kana.any() else 1.0))
        self._followers: dict[str, tuple[str, FloatArray]] = {}

    def next_character(self, previous: str | None, rng: np.random.Generator) -> str:
        """A character that may follow another; None at the start of a text."""
        if previous is not None and rng.random() < self._bigram_share:
            followers, cumulative = self._followers_of(previous)
            if followers:
                return followers[int(np.searchsorted(cumulative, rng.random()))]
        return self._characters[int(np.searchsorted(self._cumulative, rng.random()))]

    def kana(self, rng: np.random.Generator) -> str:
        """One hiragana by frequency, as ruby is written with (any character where none can be drawn)."""
        return self._characters[int(np.searchsorted(self._kana_cumulative, rng.random()))]

    def _followers_of(self, character: str) -> tuple[str, FloatArray]:
        if character not in self._followers:
            followers, counts = self._statistics.bigrams.get(character, ("", ()))
            kept = [
                (follower, count) for follower, count in zip(followers, counts, strict=True) if self._drawable(follower)
            ]
            weights = np.array([count for _, count in kept], np.float64)
            self._followers[character] = ("".join(follower for follower, _ in kept), _cumulative(weights))
        return self._followers[character]


def _cumulative(weights: FloatArray) -> FloatArray:
    total = np.cumsum(weights)
    # The last entry is just above every draw, whatever the rounding.
    return total / total[-1] * (1 + 1e-12) if len(total) else total
