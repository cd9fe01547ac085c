"""N-grams estimated from text: interpolated Kneser-Ney smoothing with three discounts a length.

Chen and Goodman (1999), "An empirical study of smoothing techniques for language modeling". A count is lowered by a
discount, and what that frees goes to the history that is one token shorter; there a token counts by how many different
tokens it was seen behind, not by how often.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.reading.prior.text_prior import START, TOKENS, NgramTable, TextPrior

# Characters that pages of the time may hold, known or not: what is left for the unknown is shared among so many.
UNIVERSE = 8_000
# The log probability of what is never guessed: that a page begins.
NEVER = -30.0

Ids = NDArray[np.int64]
Reals = NDArray[np.float64]
Page = Sequence[str]


@dataclass(frozen=True, eq=False)
class _Counted:
    """The n-grams of one length as they occur.

    Attributes:
        keys: int64 (M,), as in NgramTable.
        counts: int64 (M,), how often each occurs.
        suffixes: int64 (M,), the place of its last n - 1 tokens in the table of their length.
        begins: bool (M,), whether it begins a page, so that nothing can stand before it.
    """

    keys: Ids
    counts: Ids
    suffixes: Ids
    begins: NDArray[np.bool_]


def estimate(pages: Sequence[Page], order: int, codepoints: Sequence[str] | None = None) -> TextPrior:
    """The text prior of pages.

    Args:
        pages: the codepoints of pages in reading order.
        order: length of the longest n-gram, at least 1.
        codepoints: the vocabulary; None for what the pages hold.

    Raises:
        ValueError: if the order is below 1.
    """
    if order < 1:
        raise ValueError(f"order must be at least 1, got {order}")
    characters = codepoints or sorted({codepoint for page in pages for codepoint in page})
    size = len(characters) + TOKENS + 1
    tokens = _stream(pages, characters)
    counted = _count(tokens, order, size)
    tables: list[NgramTable] = []
    shorter = np.full(size, 1 / UNIVERSE)
    for length in range(1, order + 1):
        this = counted[length - 1]
        counts = this.counts.astype(np.float64)
        if length < order:
            longer = counted[length]
            behind = np.bincount(longer.suffixes, minlength=len(counts)).astype(np.float64)
            counts = np.where(this.begins, counts, behind)
        parents = this.keys // size
        histories = 1 if length == 1 else len(counted[length - 2].keys)
        probabilities, left = _discount(counts, parents, histories)
        below = shorter if length == 1 else shorter[this.suffixes]
        probabilities += left[parents] * below
        logs = np.log(np.maximum(probabilities, np.exp(NEVER)))
        if length == 1:
            logs[START] = NEVER
        else:
            # A history never seen with anything behind it, such as the text's last tokens, passes everything on.
            backoffs = np.log(np.where(left > 0, left, 1.0))
            tables[-1] = NgramTable(tables[-1].keys, tables[-1].log_probs, backoffs.astype(np.float32))
        tables.append(NgramTable(this.keys, logs.astype(np.float32), np.zeros(len(logs), np.float32)))
        shorter = probabilities
    return TextPrior(tuple(characters), tuple(tables))


def _stream(pages: Sequence[Page], codepoints: Sequence[str]) -> Ids:
    """All pages one after the other, each behind a START."""
    ids = {codepoint: place + TOKENS for place, codepoint in enumerate(codepoints)}
    unknown = len(codepoints) + TOKENS
    stream = [token for page in pages for token in (START, *(ids.get(codepoint, unknown) for codepoint in page))]
    return np.array(stream, np.int64)


def _count(tokens: Ids, order: int, size: int) -> list[_Counted]:
    """The n-grams of each length up to `order`; none goes on over the beginning of a page."""
    since_start = np.arange(len(tokens)) - np.maximum.accumulate(np.where(tokens == START, np.arange(len(tokens)), 0))
    counts = np.bincount(tokens, minlength=size)
    begins = np.zeros(size, np.bool_)
    begins[START] = True
    counts[START] = 0  # never guessed
    counted = [_Counted(np.arange(size), counts, np.zeros(size, np.int64), begins)]
    ends, places = np.arange(len(tokens)), tokens  # where the n-grams of the last length end, and which they are
    for length in range(2, order + 1):
        by_end = np.full(len(tokens), -1, np.int64)
        by_end[ends] = places
        ends = np.flatnonzero(since_start >= length - 1)
        keys, firsts, places, counts = np.unique(
            by_end[ends - 1] * size + tokens[ends], return_index=True, return_inverse=True, return_counts=True
        )
        last = ends[firsts]
        counted.append(_Counted(keys, counts, by_end[last], since_start[last] == length - 1))
    return counted


def _discount(counts: Reals, parents: Ids, histories: int) -> tuple[Reals, Reals]:
    """What each n-gram keeps (M,) and what each history has left (H,), as probabilities."""
    discounts = _discounts(counts)[np.minimum(counts, 3).astype(np.int64)]
    totals = np.bincount(parents, counts, histories)
    kept = np.maximum(counts - discounts, 0) / np.maximum(totals[parents], 1e-9)
    freed = np.bincount(parents, np.minimum(discounts, counts), histories)
    return kept, np.where(totals > 0, freed / np.maximum(totals, 1e-9), 1.0)


def _discounts(counts: Reals) -> Reals:
    """By count 0, 1, 2, 3 and more, float64 (4,): equation 17 of Chen and Goodman, within bounds for small texts."""
    once, twice, thrice, four = (max(float((counts == times).sum()), 0.5) for times in (1, 2, 3, 4))
    ratio = once / (once + 2 * twice)
    found = [0.0, 1 - 2 * ratio * twice / once, 2 - 3 * ratio * thrice / twice, 3 - 4 * ratio * four / thrice]
    return np.clip(found, [0.0, 0.1, 0.1, 0.1], [0.0, 0.95, 1.9, 2.8])
