"""Text priors of several sources made one: mixed n-gram by n-gram, then cut down to the n-grams that tell something.

Mixing by sources and not by counts keeps a small text that is like the books from drowning in a large one that is not.
The shares are those under which held-out pages are most likely (expectation maximization, Jelinek and Mercer 1980).
What is cut is what changes the prior least (Seymore and Rosenfeld 1996, "Scalable backoff language models").
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.reading.prior.text_prior import START, TOKENS, NgramTable, TextPrior

# Steps of expectation maximization; the shares stand still long before.
STEPS = 50
# Of all characters this part begins a page.
PAGES = 1 / 200
# No history keeps less than this for what it has never seen.
MINIMUM_LEFT = 1e-6

Ids = NDArray[np.int64]
Logs = NDArray[np.float32]
Tables = list[tuple[Ids, Logs]]
"""Keys and log probabilities of each length."""


def best_shares(log_probs: NDArray[np.floating]) -> NDArray[np.float64]:
    """The shares of S priors in a mixture under which N tokens are most likely.

    Args:
        log_probs: (S, N), what each prior says of each token of pages that none of them has seen.

    Returns:
        float64 (S,), summing up to 1; equal shares without tokens.
    """
    sources = len(log_probs)
    shares = np.full(sources, 1 / sources)
    if not log_probs.shape[1]:
        return shares
    likelihoods = np.exp(log_probs.astype(np.float64))
    for _ in range(STEPS):
        parts = shares[:, None] * likelihoods
        shares = (parts / parts.sum(axis=0)).mean(axis=1)
    return np.asarray(shares)


def mix(priors: Sequence[TextPrior], shares: Sequence[float]) -> TextPrior:
    """One prior that gives each n-gram of any of them the mean of their probabilities.

    Args:
        priors: of the same order.
        shares: the weight of each, summing up to 1.
    """
    codepoints = tuple(dict.fromkeys(codepoint for prior in priors for codepoint in prior.codepoints))
    size = len(codepoints) + TOKENS + 1
    ids = {codepoint: place + TOKENS for place, codepoint in enumerate(codepoints)}
    renamed = [
        np.array([0, *(ids[codepoint] for codepoint in prior.codepoints), size - 1], np.int64) for prior in priors
    ]
    backwards = [prior.ids(codepoints) for prior in priors]
    states: list[Ids] = []
    keys = np.arange(size)
    places: list[Ids] = renamed  # of each prior's n-grams among those of all
    tables: Tables = []
    for length in range(1, priors[0].order + 1):
        if length > 1:
            keys, places = _union(priors, length, places, renamed, size)
        mixed = np.full(len(keys), -np.inf)
        last = keys % size
        after: list[Ids] = []
        for prior, share, own in zip(priors, shares, backwards, strict=True):
            own_ids = np.concatenate([[0], own, [prior.unknown]])[last]
            before = _nothing(prior, len(keys)) if length == 1 else states[len(after)][keys // size]
            logs, state = prior.step(before, own_ids)
            after.append(state)
            with np.errstate(divide="ignore"):
                mixed = np.logaddexp(mixed, np.log(share) + logs)
        states = after
        tables.append((keys, mixed.astype(np.float32)))
    return _assemble(codepoints, tables)


def prune(prior: TextPrior, most: int) -> TextPrior:
    """The prior with at most so many n-grams longer than one token; what tells least goes first.

    Args:
        prior: a prior.
        most: n-grams to keep at most.
    """
    losses = _losses(prior)
    everything = np.sort(np.concatenate([np.zeros(0), *losses[1:]]))
    if len(everything) <= most:
        return prior
    low, high = 0, len(everything)  # the loss of place `high` is enough; histories of kept n-grams stay in any case
    while high - low > 1:
        middle = (low + high) // 2
        if sum(int(kept.sum()) for kept in _kept(prior, losses, everything[middle])[1:]) > most:
            low = middle
        else:
            high = middle
    threshold = everything[high] if high < len(everything) else np.inf
    return _select(prior, _kept(prior, losses, threshold))


def _union(
    priors: Sequence[TextPrior], length: int, places: list[Ids], renamed: list[Ids], size: int
) -> tuple[Ids, list[Ids]]:
    """The keys of all n-grams of a length, and where those of each prior are among them."""
    keys = []
    for prior, shorter, names in zip(priors, places, renamed, strict=True):
        parents, ids = np.divmod(prior.tables[length - 1].keys, prior.unknown + 1)
        keys.append(shorter[parents] * size + names[ids])
    union = np.unique(np.concatenate(keys))
    return union, [np.searchsorted(union, own) for own in keys]


def _nothing(prior: TextPrior, count: int) -> Ids:
    """States of no past at all."""
    return np.full((count, prior.order - 1), -1, np.int64)


def _assemble(codepoints: tuple[str, ...], tables: Tables) -> TextPrior:
    """A prior of these n-grams; what their histories leave for the rest follows from that all sum up to 1."""
    size = len(codepoints) + TOKENS + 1
    built = [NgramTable(keys, logs, np.zeros(len(keys), np.float32)) for keys, logs in tables]
    states = np.full((size, len(tables) - 1), -1, np.int64)
    states[:, :1] = np.arange(size)[:, None]
    for length in range(2, len(tables) + 1):
        keys, logs = tables[length - 1]
        parents, ids = np.divmod(keys, size)
        shorter = TextPrior(codepoints, tuple(built[: length - 1]))
        # What the history without its first token says of the same tokens.
        below, _ = shorter.step(states[parents, : length - 2], ids)
        count = len(built[length - 2])
        taken = np.bincount(parents, np.exp(logs.astype(np.float64)), count)
        taken_below = np.bincount(parents, np.exp(below.astype(np.float64)), count)
        left = np.maximum(1 - taken, MINIMUM_LEFT) / np.maximum(1 - taken_below, MINIMUM_LEFT)
        backoffs = np.log(left).astype(np.float32)
        built[length - 2] = NgramTable(*tables[length - 2], backoffs)
        full = TextPrior(codepoints, (*built[: length - 1], built[length - 1]))
        _, after = full.step(states[parents, : length - 1], ids)
        states = np.full((len(keys), len(tables) - 1), -1, np.int64)
        states[:, : length - 1] = after
        if length < len(tables):
            states[:, length - 1] = np.arange(len(keys))
    return TextPrior(codepoints, tuple(built))


def _losses(prior: TextPrior) -> list[NDArray[np.float64]]:
    """How much each n-gram tells: its probability times what its logarithm gains over the shorter history's."""
    size = prior.unknown + 1
    joint = np.exp(prior.tables[0].log_probs.astype(np.float64))
    joint[START] = PAGES
    losses = [np.full(size, np.inf)]
    states = np.full((size, prior.order - 1), -1, np.int64)
    states[:, :1] = np.arange(size)[:, None]
    for length in range(2, prior.order + 1):
        table = prior.tables[length - 1]
        parents, ids = np.divmod(table.keys, size)
        below, _ = prior.step(_shortened(states[parents], length - 1), ids)
        _, states = prior.step(states[parents], ids)
        joint = joint[parents] * np.exp(table.log_probs.astype(np.float64))
        losses.append(joint * np.abs(table.log_probs - below))
    return losses


def _shortened(states: Ids, length: int) -> Ids:
    """States that have forgotten their histories of this many tokens."""
    states = states.copy()
    states[:, length - 1] = -1
    return states


def _kept(prior: TextPrior, losses: list[NDArray[np.float64]], threshold: float) -> list[NDArray[np.bool_]]:
    """Which n-grams of each length tell at least so much, or are the histories of such."""
    size = prior.unknown + 1
    kept = [loss >= threshold for loss in losses]
    for length in range(prior.order - 1, 0, -1):
        kept[length - 1][prior.tables[length].keys[kept[length]] // size] = True
    return kept


def _select(prior: TextPrior, kept: list[NDArray[np.bool_]]) -> TextPrior:
    size = prior.unknown + 1
    tables: Tables = []
    renamed = np.arange(size)
    for mask, table in zip(kept, prior.tables, strict=True):
        keys = table.keys[mask]
        if tables:
            parents, ids = np.divmod(keys, size)
            keys = renamed[parents] * size + ids
        tables.append((keys, table.log_probs[mask]))
        renamed = np.cumsum(mask) - 1
    return _assemble(prior.codepoints, tables)
