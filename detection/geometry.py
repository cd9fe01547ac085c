"""How well a candidate's size, ink and surroundings suit a character: the geometric cost of the lattice.

A log-linear score of a few measures, all in units of the page's own character size. The weights were fitted to annotated pages by
`scripts/fit_detector.py`, which prints the two tables below; `docs/experiments.md` says on which pages and how well they
do on books left out.
"""

import numpy as np
from numpy.typing import NDArray

from detection.lattice import FEATURES, Candidates

WEIGHTS: dict[str, float] = {
    "one": 8.0023,
    "width": -2.3209,
    "height": 1.0214,
    "width^2": 1.6543,
    "height^2": -1.2839,
    "width*height": -1.7607,
    "width^3": 0.7551,
    "height^3": -1.3368,
    "density": -9.6823,
    "ink": -0.1779,
    "ink^2": -0.7069,
    "cut_above": -13.6880,
    "cut_below": -11.0563,
    "clear_above": 0.6799,
    "clear_below": 0.3813,
    "gap_above": -0.8474,
    "gap_below": -0.2058,
    "alone": 3.4822,
    "alone*height": 0.7066,
    "alone*height^2": 0.8032,
    "gap_inside": -11.2818,
    "gap_inside*height": -0.1219,
    "gap_inside*tall": -0.9409,
    "cut_inside": 1.4066,
    "cut_inside*height": 1.5358,
    "aside": -5.6083,
    "offset": 0.0351,
}
"""Log weight of each measure of a candidate; see `measures`."""

SKIP_WEIGHTS = (-0.5939, -0.2933, 2.1219)
"""Log weight of leaving out one piece: constant, per log ink above the least, per unit of height."""

_LEAST_INK = 0.01


def measures(features: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """The measures a candidate is judged by.

    Args:
        features: float32 (N, F), columns as named by `lattice.FEATURES`.

    Returns:
        Name to float64 (N,), in the order of `WEIGHTS`.
    """
    raw = dict(zip(FEATURES, features.astype(np.float64).T, strict=True))
    width, height = np.log(raw["width"] + 0.05), np.log(raw["height"] + 0.05)
    ink = np.log(raw["ink"] + _LEAST_INK)
    above, below = np.minimum(raw["gap_above"], 0.5), np.minimum(raw["gap_below"], 0.5)
    gap, cut = np.minimum(raw["gap_inside"], 0.5), np.minimum(raw["cut_inside"], 0.6)
    alone = np.minimum(above, below)
    return {
        "one": np.ones_like(width),
        "width": width,
        "height": height,
        "width^2": width**2,
        "height^2": height**2,
        "width*height": width * height,
        "width^3": width**3,
        "height^3": height**3,
        "density": raw["density"],
        "ink": ink,
        "ink^2": ink**2,
        "cut_above": np.minimum(raw["cut_above"], 0.6),
        "cut_below": np.minimum(raw["cut_below"], 0.6),
        "clear_above": (raw["cut_above"] == 0) * 1.0,
        "clear_below": (raw["cut_below"] == 0) * 1.0,
        "gap_above": above,
        "gap_below": below,
        "alone": alone,
        "alone*height": alone * height,
        "alone*height^2": alone * height**2,
        "gap_inside": gap,
        "gap_inside*height": gap * height,
        "gap_inside*tall": gap * raw["height"],
        "cut_inside": cut,
        "cut_inside*height": cut * height,
        "aside": np.abs(raw["offset"]),
        "offset": raw["offset"],
    }


def potentials(features: NDArray[np.float32], weights: dict[str, float] = WEIGHTS) -> NDArray[np.float64]:
    """Log weight of every candidate.

    Args:
        features: float32 (N, F), columns as named by `lattice.FEATURES`.
        weights: a weight for every measure.

    Returns:
        float64 (N,); above 0 for a likely character.
    """
    table = measures(features)
    out = np.zeros(len(features))
    for name, weight in weights.items():
        out += weight * table[name]
    return out


def skip_measures(candidates: Candidates, pieces: int) -> NDArray[np.float64]:
    """What is left out by skipping each piece of a column: float64 (pieces, 3), see `SKIP_WEIGHTS`."""
    single = candidates.end - candidates.begin == 1
    ink, height = np.zeros(pieces), np.zeros(pieces)
    ink[candidates.begin[single]] = candidates.features[single, FEATURES.index("ink")]
    height[candidates.begin[single]] = candidates.features[single, FEATURES.index("height")]
    return np.stack([np.ones(pieces), np.log(ink + _LEAST_INK) - np.log(_LEAST_INK), height], axis=1)


def skip_potentials(candidates: Candidates, pieces: int) -> NDArray[np.float64]:
    """Log weight of leaving out each piece of a column: float64 (pieces,)."""
    return skip_measures(candidates, pieces) @ np.asarray(SKIP_WEIGHTS)
