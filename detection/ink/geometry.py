"""How well a candidate's size, ink and surroundings suit a character: the geometric cost of the lattice.

A log-linear score of a few measures, all in units of the page's own character size. The weights were fitted by
`scripts/fit_detector.py`, which prints the two tables below, to 29 pages of the Dataset of Pre-Modern Japanese Text
(National Institute of Japanese Literature and others, processed by CODH, doi:10.20676/00000340, CC BY-SA 4.0);
`docs/experiments.md` says how well they do on books left out.
"""

import numpy as np
from numpy.typing import NDArray

from detection.ink.cut_lattice import FEATURES, Candidates

WEIGHTS: dict[str, float] = {
    "one": 8.5056,
    "width": -2.4943,
    "height": 1.3540,
    "width^2": 1.0454,
    "height^2": -1.0430,
    "width*height": -1.8515,
    "width^3": 0.3482,
    "height^3": -1.2414,
    "density": -10.1182,
    "ink": -0.1003,
    "ink^2": -0.6788,
    "cut_above": -13.4589,
    "cut_below": -10.9042,
    "clear_above": 0.7004,
    "clear_below": 0.3998,
    "gap_above": -0.7498,
    "gap_below": -0.1562,
    "alone": 3.5352,
    "alone*height": 0.2752,
    "alone*height^2": 0.6710,
    "gap_inside": -10.8251,
    "gap_inside*height": 0.4052,
    "gap_inside*tall": -1.1933,
    "cut_inside": 1.4021,
    "cut_inside*height": 1.5413,
    "aside": -5.7958,
    "offset": -0.4557,
}
"""Log weight of each measure of a candidate; see `measures`."""

SKIP_WEIGHTS = (-0.5825, -0.2982, 2.4192)
"""Log weight of leaving out one piece: constant, per log ink above the least, per unit of height."""

_MINIMUM_INK = 0.01


def measures(features: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """The measures a candidate is judged by.

    Args:
        features: float32 (N, F), columns as named by `lattice.FEATURES`.

    Returns:
        Name to float64 (N,), in the order of `WEIGHTS`.
    """
    raw = dict(zip(FEATURES, features.astype(np.float64).T, strict=True))
    width, height = np.log(raw["width"] + 0.05), np.log(raw["height"] + 0.05)
    ink = np.log(raw["ink"] + _MINIMUM_INK)
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
    return np.stack([np.ones(pieces), np.log(ink + _MINIMUM_INK) - np.log(_MINIMUM_INK), height], axis=1)


def skip_potentials(candidates: Candidates, pieces: int) -> NDArray[np.float64]:
    """Log weight of leaving out each piece of a column: float64 (pieces,)."""
    return np.asarray(skip_measures(candidates, pieces) @ np.asarray(SKIP_WEIGHTS), np.float64)
