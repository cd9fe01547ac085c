"""A page, its detected boxes and its transcription in; labeled boxes out."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.competition.truth import PageTruth
from kuzushiji_submit.core.boxes import overlaps
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.reading.order import read_order
from kuzushiji_submit.training_data.alignment.path import PathConfig, match_posteriors
from recognition.crops import crop_boxes
from recognition.scoring_recognizer import ScoringRecognizer

# A detected box that shares this much with a box of the truth is the same character (intersection over union).
SAME_BOX = 0.3
# Log probability of characters that the recognizer has never heard of: possible, but no more.
UNHEARD = -1e3


@dataclass(frozen=True)
class AlignConfig:
    """Settings of an alignment.

    Attributes:
        path: what a path costs.
        least_posterior: matches are kept from this probability on.
    """

    path: PathConfig = field(default_factory=PathConfig)
    least_posterior: float = 0.9


@dataclass(frozen=True, eq=False)
class AlignedPage:
    """What an alignment gave.

    Attributes:
        truth: labeled boxes: those of the known truth, then those that were aligned.
        aligned: how many were aligned.
        detected: detected boxes that are not of the known truth.
        characters: characters of the transcription.
    """

    truth: PageTruth
    aligned: int
    detected: int
    characters: int


def align_page(
    ink: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    text: str,
    known: PageTruth,
    recognizer: ScoringRecognizer,
    config: AlignConfig | None = None,
) -> AlignedPage:
    """Labels the boxes of a page with the characters of its transcription.

    Args:
        ink: uint8 (H, W), the page's ink.
        boxes: float32 (N, 4) xyxy, detected.
        text: the page in reading order; spaces and line breaks mean nothing.
        known: boxes whose characters are known; they anchor the path and replace detected boxes. May be empty.
        recognizer: says how likely a box holds a character.
        config: settings.
    """
    chosen = config or AlignConfig()
    repeated = (overlaps(boxes, known.boxes) >= SAME_BOX).any(axis=1)
    found = boxes[~repeated]
    together = np.concatenate([known.boxes, found])
    order = read_order(together).order
    codepoints = [f"U+{ord(character):04X}" for character in text if not character.isspace()]
    log_scores = _log_scores(ink, together, codepoints, known, recognizer)
    posteriors = match_posteriors(log_scores[order], chosen.path)
    sure = (posteriors >= chosen.least_posterior) & (order >= len(known))[:, None]
    rows, columns = np.nonzero(sure)
    truth = PageTruth(
        known.image_id,
        (*known.codepoints, *(codepoints[column] for column in columns)),
        np.concatenate([known.boxes, together[order[rows]]]).astype(np.float32),
    )
    return AlignedPage(truth, len(rows), len(found), len(codepoints))


def _log_scores(
    ink: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    codepoints: list[str],
    known: PageTruth,
    recognizer: ScoringRecognizer,
) -> NDArray[np.float64]:
    """How likely each box holds each character of the text, float64 (N, M); the known boxes come first."""
    logits = recognizer.logits(crop_boxes(ink, boxes, recognizer.crop_config)).astype(np.float64)
    logits /= recognizer.calibration.temperature
    logits -= logits.max(axis=1, keepdims=True, initial=0.0)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    log_scores = logits[:, _columns_of(codepoints, recognizer.charset)]
    log_scores[:, [codepoint not in recognizer.charset for codepoint in codepoints]] = UNHEARD
    labels = np.array(codepoints, np.str_)
    for row, codepoint in enumerate(known.codepoints):
        log_scores[row] = np.where(labels == codepoint, 0.0, -np.inf)
    return log_scores


def _columns_of(codepoints: list[str], charset: Charset) -> list[int]:
    return [max(0, class_id) for class_id in charset.class_ids(codepoints)]
