"""Boxes in reading order laid against a text: the probability that a box holds a character of the text.

A monotone path matches a box with the next character of the text, leaves a box out (a false alarm), or leaves a
character out (a box that was missed). Each path has a probability; the posterior of a match is the share of the paths
that go through it, by the forward-backward algorithm (Rabiner 1989). The best path alone would not say where it is a
guess.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PathConfig:
    """What a path costs, in logarithms of probabilities.

    Attributes:
        box_left_out: for a box that no character of the text goes to.
        character_left_out: for a character without a box.
        least_match: the least that a match can score, however unlikely the recognizer finds it. Above the sum of the
            two others, or a page whose hand the recognizer cannot read falls apart.
    """

    box_left_out: float = -5.0
    character_left_out: float = -5.0
    least_match: float = -6.0


def match_posteriors(log_scores: NDArray[np.float64], config: PathConfig | None = None) -> NDArray[np.float64]:
    """The probability of each match.

    Args:
        log_scores: float64 (N, M), the log probability that box n holds character m of the text; -inf where that is
            known to be wrong.
        config: what is left out costs.

    Returns:
        float64 (N, M); each row and each column sums up to at most 1.
    """
    chosen = config or PathConfig()
    matches = np.where(np.isneginf(log_scores), -np.inf, np.maximum(log_scores, chosen.least_match))
    forward = _sums(matches, chosen)
    backward = _sums(matches[::-1, ::-1], chosen)[::-1, ::-1]
    total = forward[-1, -1]
    return np.asarray(np.exp(forward[:-1, :-1] + matches + backward[1:, 1:] - total))


def _sums(matches: NDArray[np.float64], config: PathConfig) -> NDArray[np.float64]:
    """Log of the summed probability of all paths to each corner, float64 (N + 1, M + 1), one anti-diagonal at a time.

    Between two matches boxes are left out before characters, so that each choice of matches is one path, not many.
    """
    boxes, characters = matches.shape
    sums = np.full((boxes + 1, characters + 1), -np.inf)
    before_characters = sums.copy()  # of the paths that have left out no character since their last match
    sums[0, 0] = before_characters[0, 0] = 0.0
    for diagonal in range(1, boxes + characters + 1):
        rows = np.arange(max(0, diagonal - characters), min(boxes, diagonal) + 1)
        columns = diagonal - rows
        ways = np.full((3, len(rows)), -np.inf)
        down, right = rows > 0, columns > 0
        both = down & right
        ways[0, down] = before_characters[rows[down] - 1, columns[down]] + config.box_left_out
        ways[1, both] = sums[rows[both] - 1, columns[both] - 1] + matches[rows[both] - 1, columns[both] - 1]
        ways[2, right] = sums[rows[right], columns[right] - 1] + config.character_left_out
        before_characters[rows, columns] = np.logaddexp(ways[0], ways[1])
        sums[rows, columns] = np.logaddexp.reduce(ways, axis=0)
    return sums
