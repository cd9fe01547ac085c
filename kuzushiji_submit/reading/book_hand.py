"""What the pages of one book say of their writer's hand: how sure readings help unsure ones, without any training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.books import book_of
from recognition.recognitions import Recognitions

LEAST = 1e-12
NAMELESS = "test_"
"""How the competition's test pages begin, whose books are kept secret."""


@dataclass(frozen=True)
class HandConfig:
    """Settings of `read_in_hand`.

    Attributes:
        enabled: False leaves every page as it was read by itself.
        weight: what a likeness is multiplied with before it is added to the logarithm of a score; 0 changes nothing.
        usual: the likeness that speaks neither for nor against a character.
        trust: how many crops it takes before a character's likeness counts half.
        least_score: crops whose best reading has a lower score teach nothing.
        least_share: readings with a lower score are not taught.
        rounds: how often the crops are compared with what was learned from them.
        alternatives: readings of each crop that are considered.
        pages: pages of one book that are read together at most.

    Raises:
        ValueError: if a value is out of its range.
    """

    enabled: bool = True
    weight: float = 6.0
    usual: float = 0.5
    trust: float = 2.0
    least_score: float = 0.5
    least_share: float = 0.05
    rounds: int = 3
    alternatives: int = 24
    pages: int = 16

    def __post_init__(self) -> None:
        if min(self.weight, self.trust, self.least_share) < 0 or not 0 <= self.least_score <= 1:
            raise ValueError(
                "hand.weight, hand.trust and hand.least_share must not be negative, hand.least_score must lie in 0..1"
            )
        if min(self.rounds, self.alternatives, self.pages) < 1:
            raise ValueError("hand.rounds, hand.alternatives and hand.pages must be at least 1")

    @property
    def changes_something(self) -> bool:
        """Whether any page can come out other than it went in."""
        return self.enabled and self.weight > 0


def writer_of(image_id: str) -> str:
    """What pages of one writer have in common: the book, or of the competition's nameless test pages nothing."""
    return image_id if image_id.startswith(NAMELESS) else book_of(image_id)


def windows(image_ids: Sequence[str], pages: int) -> list[list[str]]:
    """Pages that are read together: those of each writer in the order given, in pieces of so many at most.

    Some of the pieces, one after the other, give the same pieces again: a run that goes on reads as one that never
    stopped.
    """
    by_writer: dict[str, list[str]] = {}
    for image_id in image_ids:
        by_writer.setdefault(writer_of(image_id), []).append(image_id)
    return [ids[start : start + pages] for ids in by_writer.values() for start in range(0, len(ids), pages)]


def packed(pieces: Sequence[list[str]], pages: int) -> list[list[str]]:
    """Pieces of `windows` put together up to so many pages, never two of one writer: they would become one."""
    together: list[list[str]] = []
    writers: set[str] = set()
    for piece in pieces:
        writer = writer_of(piece[0])
        if together and writer not in writers and len(together[-1]) + len(piece) <= pages:
            together[-1].extend(piece)
            writers.add(writer)
        else:
            together.append(list(piece))
            writers = {writer}
    return together


def read_in_hand(read: Recognitions, config: HandConfig) -> Recognitions:
    """Readings of one book's crops, each compared with the book's other crops of the same character.

    ```
    sure readings ─▶ one mean direction a character ◀─ likeness (cosine) ─ every crop's embedding
                                                          │
    scores of a crop ── logarithm + weight x (likeness - usual) ──▶ scores ──▶ sure readings of the next round
    ```

    A character's direction for a crop leaves the crop itself out. The idea of a classifier made of what is being
    classified is that of T3A (Iwasawa and Matsuo, "Test-time classifier adjustment module", NeurIPS 2021).

    Args:
        read: N crops of one book, with embeddings; without them, or without crops, it comes back as it is.
        config: how much the likeness counts.

    Returns:
        The same crops without embeddings; what the K readings of a crop score together stays the same.
    """
    if read.embeddings is None or not len(read) or not config.changes_something:
        return Recognitions(read.top_ids, read.top_scores)
    logarithms = np.log(np.maximum(read.top_scores, LEAST, dtype=np.float64))
    together = read.top_scores.sum(axis=1, keepdims=True, dtype=np.float64)
    directions = _directions(read.embeddings)
    scores = read.top_scores.astype(np.float64)
    for _ in range(config.rounds):
        moved = logarithms + _likeness(directions, read.top_ids, scores, config)
        moved = np.exp(moved - moved.max(axis=1, keepdims=True))
        scores = together * moved / moved.sum(axis=1, keepdims=True)
    order = np.argsort(-scores, axis=1, kind="stable")
    return Recognitions(
        np.take_along_axis(read.top_ids, order, 1), np.take_along_axis(scores, order, 1).astype(np.float32)
    )


def read_books_in_hand(
    image_ids: Sequence[str], read: Sequence[Recognitions], config: HandConfig
) -> list[Recognitions]:
    """Readings of pages, each with those of its book's pages among them; in the order given."""
    pages = list(read)
    by_writer: dict[str, list[int]] = {}
    for place, image_id in enumerate(image_ids):
        by_writer.setdefault(writer_of(image_id), []).append(place)
    for places in by_writer.values():
        together = Recognitions.concatenate([pages[place] for place in places], pages[places[0]].top_ids.shape[1])
        ends = np.cumsum([len(pages[place]) for place in places])
        rows = np.split(np.arange(len(together)), ends[:-1])
        together = read_in_hand(together, config)
        for place, of_page in zip(places, rows, strict=True):
            pages[place] = together.select(of_page)
    return pages


def _directions(embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64 (N, D) of length 1, what a crop has that the mean of all has not; 0 where that is nothing."""
    centered = embeddings.astype(np.float64) - embeddings.mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(centered, axis=1, keepdims=True)
    return np.asarray(np.where(length > LEAST, centered / np.maximum(length, LEAST), 0.0))


def _likeness(
    directions: NDArray[np.float64], ids: NDArray[np.int64], scores: NDArray[np.float64], config: HandConfig
) -> NDArray[np.float64]:
    """What is added to the logarithm of each reading, float64 (N, K)."""
    taught = (scores >= config.least_share) & (scores.max(axis=1, keepdims=True) >= config.least_score)
    classes = np.unique(ids[taught])
    if not len(classes):
        return np.zeros(ids.shape)
    columns = np.minimum(np.searchsorted(classes, ids), len(classes) - 1)  # (N, K)
    known = classes[columns] == ids
    rows = np.broadcast_to(np.arange(len(ids))[:, None], ids.shape)
    shares = np.zeros((len(ids), len(classes)))
    shares[rows[taught], columns[taught]] = scores[taught]
    sums = shares.T @ directions  # (classes, D)
    own = np.take_along_axis(shares, columns, 1)  # (N, K), what the crop itself has taught
    along = np.take_along_axis(directions @ sums.T, columns, 1)
    length = (directions**2).sum(axis=1, keepdims=True)  # 1, or 0 for a crop like the mean
    rest = np.maximum((sums**2).sum(axis=1)[columns] - 2 * own * along + own**2 * length, 0.0)
    likeness = (along - own * length) / np.sqrt(np.maximum(rest, LEAST))
    mass = np.maximum(shares.sum(axis=0)[columns] - own, 0.0)
    weight = config.weight * mass / np.maximum(mass + config.trust, LEAST)
    return np.asarray(np.where(known & (rest > LEAST), weight * (likeness - config.usual), 0.0))
