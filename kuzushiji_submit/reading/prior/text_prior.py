"""The text prior as its users see it: how likely is a character after those that are read before it?

A page is one sequence, columns one after the other: words go on over the end of a column. Tokens for the ends of
columns were tried and told nothing (perplexity 163 without, 165 with them, on books left out).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.reading.prior.provenance import Provenance

START = 0
"""The id of the one token that is no character: the page begins."""
TOKENS = 1

Ids = NDArray[np.int64]
Logs = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class NgramTable:
    """The n-grams of one length, sorted by key.

        key = (place of the first n - 1 tokens in the table of their length) * (size of the vocabulary) + last token

    Attributes:
        keys: int64 (M,), ascending.
        log_probs: float32 (M,), natural logarithm of the last token's probability after the others.
        backoffs: float32 (M,), what is added to the probability by a shorter history where the n-gram is known as a
            history but not with the next token behind it.
    """

    keys: Ids
    log_probs: Logs
    backoffs: Logs

    def __len__(self) -> int:
        return len(self.keys)

    def find(self, keys: Ids) -> Ids:
        """The places of keys (Q,), -1 where there is none."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, places, -1)


@dataclass(frozen=True, eq=False)
class TextPrior:
    """An n-gram over the characters of columns in reading order.

    A state is what of the past matters: int64 (order - 1,), the places of the last 1, 2, ... tokens in the tables of
    their lengths, -1 where the text never held them in a row.

    Attributes:
        codepoints: the characters, "U+306F"; the id of a character is its place + TOKENS.
        tables: n-grams of length 1, 2, ...; that of length 1 holds every token and, last, the unknown character.
        provenance: what it was made from.
    """

    codepoints: tuple[str, ...]
    tables: tuple[NgramTable, ...]
    provenance: Provenance = field(default_factory=Provenance)
    _ids: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ids", {codepoint: place + TOKENS for place, codepoint in enumerate(self.codepoints)})

    @property
    def order(self) -> int:
        """The length of the longest n-gram."""
        return len(self.tables)

    @property
    def unknown(self) -> int:
        """The id of every character that the texts did not hold; one more than it is the size of the vocabulary."""
        return len(self.codepoints) + TOKENS

    def ids(self, codepoints: Iterable[str]) -> Ids:
        """Ids of characters, int64 (N,)."""
        return np.fromiter((self._ids.get(codepoint, self.unknown) for codepoint in codepoints), np.int64)

    def start(self, count: int = 1) -> Ids:
        """The state at the beginning of a page, `count` times: int64 (count, order - 1)."""
        states = np.full((count, self.order - 1), -1, np.int64)
        states[:, :1] = START
        return states

    def step(self, states: Ids, ids: Ids) -> tuple[Logs, Ids]:
        """One token more.

        Args:
            states: int64 (Q, order - 1).
            ids: int64 (Q,), the token that follows each.

        Returns:
            Its log probability, float32 (Q,), and the states after it, int64 (Q, order - 1).
        """
        log_probs = self.tables[0].log_probs[ids]
        places = np.empty((len(ids), self.order), np.int64)
        places[:, 0] = ids
        for history in range(self.order - 1):
            shorter, table = self.tables[history], self.tables[history + 1]
            parents = states[:, history]
            known = np.flatnonzero(parents >= 0)
            found = np.full(len(ids), -1, np.int64)
            found[known] = table.find(parents[known] * (self.unknown + 1) + ids[known])
            log_probs[known] += shorter.backoffs[parents[known]]
            hit = np.flatnonzero(found >= 0)
            log_probs[hit] = table.log_probs[found[hit]]
            places[:, history + 1] = found
        return log_probs, places[:, :-1]

    def log_probs(self, sequence: Ids) -> Logs:
        """The log probability of each token of one page after those before it, float32 (N,)."""
        # Each token is reached by order - 1 steps from nowhere: as far back as the prior remembers, all at once.
        count = len(sequence)
        padded = np.concatenate([np.full(self.order - 1, START), sequence])
        states = np.full((count, self.order - 1), -1, np.int64)
        for place in range(self.order - 1):
            _, states = self.step(states, padded[place : place + count])
        return self.step(states, sequence)[0]


def perplexity(prior: TextPrior, pages: Iterable[Sequence[str]]) -> float:
    """How many characters, all equally likely, would be as hard to guess: the usual figure of a text prior.

    Args:
        prior: the text prior.
        pages: the codepoints of pages in reading order.

    Returns:
        The perplexity per character; 1 without any.
    """
    logs = [prior.log_probs(prior.ids(page)) for page in pages]
    count = sum(map(len, logs))
    return float(np.exp(-sum(float(part.sum(dtype=np.float64)) for part in logs) / max(count, 1)))
