"""From columns to characters: candidates, their potentials, and the segmentation expected to hit most.

    columns ──▶ profiles ──▶ cuts ──▶ candidates ──▶ potentials ──▶ marginals ──▶ points, boxes, scores
     │ │ │        ▂▆█▂▁▅█     ┄┄┄       ┌─┐ ┌─┐        +1.2           0.93            ·  ┌─┐
     │ │ │      ink per row   ┄┄┄       └─┘ │ │        -0.4           0.05               └─┘
     │ │ │      and extent    ┄┄┄           └─┘        -2.0           0.02

    lattice: what can be a character   geometry: what looks like one   semi_markov: what fits with all the others

Two passes where somebody else has an opinion on boxes, such as a recognizer: the geometry's marginals say which
candidates are worth asking about, alike ones share a speaker and its answer, and the marginals are taken once more.

    candidates   ├──────┤ 0.60        one speaker ├──────┤ ── asked once ──▶ its answer counts for all three
                  ├─────┤ 0.25          alike by `alike` of their joint height
                 ├───────┤ 0.10
                     ├───────┤ 0.04     another speaker
                       ├┤ 0.003         below `ask_above`: not asked, and forbidden from here on
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detection.ink.cut_lattice import Candidates, column_candidates
from detection.ink.geometry import potentials, skip_potentials
from detection.ink.profiles import Profile, candidate_cuts, column_profiles
from detection.ink.semi_markov import Graph, expected_hits, likeliest_extents, marginals

ScoreBoxes = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""An opinion on boxes float32 (N, 4) of the map: float32 (N,) in [0, 1]."""


@dataclass(frozen=True)
class SegmentationConfig:
    """Settings of `segment_columns`; lengths in units of the page's character size.

    Attributes:
        cut_spacing: a column may be cut where its ink is thinnest within this distance.
        longest_piece: stretches without a thin place are cut into pieces no longer than this.
        tallest: no character is taller.
        least: a box must bring this many expected hits to be worth its risk.
        ask_above: less likely candidates are dropped where a scoring function is asked.
        alike: candidates that overlap by this much of both share one opinion.
        opinion: how much a scoring function's log odds count against the geometry's.
    """

    cut_spacing: float = 0.12
    longest_piece: float = 0.6
    tallest: float = 4.0
    least: float = 0.35
    ask_above: float = 0.01
    alike: float = 0.7
    opinion: float = 0.5


@dataclass(frozen=True)
class ColumnCuts:
    """Where one column may be cut, for pictures.

    Attributes:
        rows: int64 (K,), map rows.
        left: leftmost ink, map pixels.
        right: one past the rightmost.
    """

    rows: NDArray[np.int64]
    left: int
    right: int


@dataclass(frozen=True)
class Segmentation:
    """The characters of a map.

    Attributes:
        boxes: float32 (N, 4), xyxy in map pixels, column by column, top to bottom.
        scores: float32 (N,), probability that the point hits a character.
        points: float32 (N, 2), the place in each box expected to hit most.
        cuts: per column, where it might have been cut.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    points: NDArray[np.float32]
    cuts: list[ColumnCuts]


def segment_columns(
    columns: NDArray[np.int32],
    unit: float,
    config: SegmentationConfig,
    score_boxes: ScoreBoxes | None = None,
) -> Segmentation:
    """Cut columns into characters.

    Args:
        columns: int32 (H, W), 0 outside the columns' ink, else the number of the column.
        unit: the character size in pixels.
        config: settings.
        score_boxes: an opinion on candidates beside their geometry.

    Returns:
        The segmentation.
    """
    cuts, candidates = [], []
    for profile in column_profiles(columns):
        rows = candidate_cuts(profile, unit, config.cut_spacing, config.longest_piece)
        found = column_candidates(profile, rows, unit, config.tallest)
        if len(found.begin):
            candidates.append(found)
            cuts.append(_cuts(profile, rows))
    if not candidates:
        return Segmentation(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 2), np.float32), [])
    return Segmentation(*choose(candidates, config.least, config, score_boxes), cuts)


def choose(
    candidates: list[Candidates],
    least: float,
    config: SegmentationConfig | None = None,
    score_boxes: ScoreBoxes | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Choose among the candidates of columns: boxes float32 (N, 4) in map pixels, scores (N,), points (N, 2)."""
    config = config or SegmentationConfig()
    graph, skip = graph_of(candidates)
    potential = np.concatenate([potentials(lattice.features) for lattice in candidates])
    boxes = np.concatenate([lattice.boxes for lattice in candidates])
    probability = marginals(graph, potential, skip)
    # Asking is dear, a column has thousands of candidates: only the likely ones, and one for all that are alike.
    if score_boxes is not None:
        speaker = _speakers(graph.column, boxes, probability, config)
        asked, answer = np.unique(speaker[speaker >= 0], return_inverse=True)
        potential = _with_opinion(potential, speaker >= 0, score_boxes(boxes[asked])[answer], config.opinion)
        probability = marginals(graph, potential, skip)
    return _choose(candidates, probability, least)


def graph_of(candidates: list[Candidates]) -> tuple[Graph, NDArray[np.float64]]:
    """The lattices of columns that have candidates, and float64 (C, P), log weight of skipping each piece."""
    column = np.repeat(np.arange(len(candidates)), [len(lattice.begin) for lattice in candidates])
    graph = Graph(
        column=column,
        begin=np.concatenate([lattice.begin for lattice in candidates]),
        end=np.concatenate([lattice.end for lattice in candidates]),
        pieces=np.array([int(lattice.end.max()) for lattice in candidates]),
    )
    skip = np.zeros(graph.shape[:2])
    for number, lattice in enumerate(candidates):
        skip[number, : graph.pieces[number]] = skip_potentials(lattice, int(graph.pieces[number]))
    return graph, skip


def _cuts(profile: Profile, rows: NDArray[np.intp]) -> ColumnCuts:
    inked = profile.ink > 0
    return ColumnCuts(rows + profile.top, int(profile.left[inked].min()), int(profile.right[inked].max()))


def _speakers(
    column: NDArray[np.int64],
    boxes: NDArray[np.float32],
    probability: NDArray[np.float64],
    config: SegmentationConfig,
) -> NDArray[np.int64]:
    """Whose opinion counts for each candidate: the likeliest one much like it; -1 for those too unlikely."""
    speaker = np.full(len(boxes), -1)
    for number in np.unique(column):
        rest = np.flatnonzero((column == number) & (probability >= config.ask_above))
        # Greedy as in non-maximum suppression, except that the suppressed ones stay and borrow the answer.
        rest = rest[np.argsort(-probability[rest], kind="stable")]
        while len(rest):
            first = rest[0]
            shared = np.minimum(boxes[first, 3], boxes[rest, 3]) - np.maximum(boxes[first, 1], boxes[rest, 1])
            joint = np.maximum(boxes[first, 3], boxes[rest, 3]) - np.minimum(boxes[first, 1], boxes[rest, 1])
            alike = shared >= config.alike * joint
            speaker[rest[alike]] = first
            rest = rest[~alike]
    return speaker


def _with_opinion(
    potential: NDArray[np.float64], asked: NDArray[np.bool_], opinion: NDArray[np.float32], weight: float
) -> NDArray[np.float64]:
    """Add the opinion's log odds, less their median lest a shy judge empty the page; forbid what was not asked."""
    out = np.full_like(potential, -np.inf)
    if asked.any():
        # A judge that is never quite certain: one wrong 0 must not outweigh all geometry.
        kept = np.clip(opinion.astype(np.float64), 0.02, 0.98)
        odds = np.log(kept / (1 - kept))
        out[asked] = potential[asked] + weight * (odds - np.median(odds))
    return out


def _choose(
    candidates: list[Candidates], probability: NDArray[np.float64], least: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The points of every column expected to hit most, the likeliest box around each, and their scores."""
    ends = np.cumsum([len(lattice.begin) for lattice in candidates])
    boxes, scores, points = [], [], []
    for lattice, share in zip(candidates, np.split(probability, ends[:-1]), strict=True):
        chosen, hit = expected_hits(lattice.boxes, lattice.begin, lattice.end, share, least)
        boxes.append(lattice.boxes[likeliest_extents(lattice.boxes, share, chosen)])
        points.append((lattice.boxes[chosen, :2] + lattice.boxes[chosen, 2:]) / 2)
        scores.append(np.clip(hit, 0.001, 0.999).astype(np.float32))
    return np.concatenate(boxes), np.concatenate(scores), np.concatenate(points)
