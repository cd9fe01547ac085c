r"""All the ways to read a sequence of places, weighed by eye and text; the share of the ways through each reading.

    place       1         2         3
    readings    は -----> る -----> の       a way goes from left to right through one reading a place, or past a
                  \     /   \                place that may be no character; its weight is what the eye says of each
                ほ --> ろ     skip             reading times what the text prior says of it after those before it

The best way alone would not say where it is a guess, and the metric pays for each place by itself: so the ways are
summed up, forwards and backwards (Rabiner 1989, "A tutorial on hidden Markov models"). Of the states in which two ways
meet (the same last characters, as far as the prior remembers them) the heaviest `beam` are kept.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.reading.prior.text_prior import TextPrior

Ids = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Places:
    """A sequence of N places with up to A readings each.

    Attributes:
        ids: int64 (N, A), the text prior's ids of the readings.
        logs: float64 (N, A), what speaks for each besides the text, as a logarithm; -inf where there is no reading.
        skips: float64 (N,), what speaks for "not a character"; -inf where that is out of the question.
    """

    ids: Ids
    logs: Reals
    skips: Reals


@dataclass(frozen=True, eq=False)
class _Steps:
    """The ways from the states before a place to those after it.

    Attributes:
        sources: int64 (T,), states before.
        readings: int64 (T,), which reading was taken; A for none.
        targets: int64 (T,), states after.
        weights: float64 (T,), logarithms.
    """

    sources: Ids
    readings: Ids
    targets: Ids
    weights: Reals


def marginals(places: Places, prior: TextPrior, weight: float, beam: int) -> Reals:
    """The posterior of each reading and, last, of "not a character": float64 (N, A + 1), rows sum up to 1.

    Args:
        places: the sequence.
        prior: says what follows what.
        weight: what the prior's logarithms are multiplied with.
        beam: states kept after each place.
    """
    count, readings = places.ids.shape
    forward = np.zeros(1)
    forwards, steps = [], []
    states = prior.start()
    for place in range(count):
        step, states = _step(places, place, states, prior, weight)
        reached = _sum_to(step.targets, forward[step.sources] + step.weights, len(states))
        step, states, kept = _prune(step, states, reached, beam)
        forwards.append(forward)
        steps.append(step)
        forward = reached[kept] - reached.max()
    found = np.zeros((count, readings + 1))
    backward = np.zeros(len(states))
    for place in range(count - 1, -1, -1):
        step = steps[place]
        onward = step.weights + backward[step.targets]
        through = forwards[place][step.sources] + onward
        found[place] = np.bincount(step.readings, np.exp(through - through.max()), readings + 1)
        backward = _sum_to(step.sources, onward, len(forwards[place]))
        backward -= backward.max()
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _step(places: Places, place: int, states: Ids, prior: TextPrior, weight: float) -> tuple[_Steps, Ids]:
    """Every state before a place with every reading of it; states that came out the same are one."""
    possible = np.flatnonzero(places.logs[place] > -np.inf)
    sources = np.repeat(np.arange(len(states)), len(possible))
    readings = np.tile(possible, len(states))
    logs, after = prior.step(states[sources], places.ids[place, readings])
    weights = weight * logs + places.logs[place, readings]
    if places.skips[place] > -np.inf:
        everything = np.arange(len(states))
        sources = np.concatenate([sources, everything])
        readings = np.concatenate([readings, np.full(len(states), places.ids.shape[1])])
        weights = np.concatenate([weights, np.full(len(states), places.skips[place])])
        after = np.concatenate([after, states])
    merged, targets = _merge(after)
    return _Steps(sources, readings, targets, weights), merged


def _merge(states: Ids) -> tuple[Ids, Ids]:
    """Distinct states (S, order - 1), and for each of the given ones which it is."""
    if not states.shape[1]:
        return states[:1], np.zeros(len(states), np.int64)
    # The longest remembered past says it all: its length and its place in the table of that length.
    depth = states.shape[1] - 1 - (states[:, ::-1] >= 0).argmax(axis=1)
    key = depth * (1 << 40) + states[np.arange(len(states)), depth]
    _, firsts, targets = np.unique(key, return_index=True, return_inverse=True)
    return states[firsts], targets


def _prune(step: _Steps, states: Ids, reached: Reals, beam: int) -> tuple[_Steps, Ids, Ids]:
    """The same with the heaviest states alone, and which these are."""
    if len(states) <= beam:
        return step, states, np.arange(len(states))
    kept = np.sort(np.argpartition(-reached, beam - 1)[:beam])
    renamed = np.full(len(states), -1)
    renamed[kept] = np.arange(len(kept))
    on = renamed[step.targets] >= 0
    pruned = _Steps(step.sources[on], step.readings[on], renamed[step.targets[on]], step.weights[on])
    return pruned, states[kept], kept


def _sum_to(targets: Ids, logs: Reals, count: int) -> Reals:
    """The log of the summed weights by target, float64 (count,); -inf where nothing arrives."""
    highest = logs.max()
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.bincount(targets, np.exp(logs - highest), count)) + highest)
