"""A page image in, characters out: detector, crops, recognizer."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from detection.detections import Detections
from detection.detector import DetectionStages, InkDetector, InkDetectorConfig
from kuzushiji_submit.characters import Alternative, Character, PageCharacters
from recognition.charset import Charset
from recognition.crops import crop_boxes
from recognition.recognitions import Recognitions

if TYPE_CHECKING:
    from recognition.recognizer import Recognizer


@dataclass(frozen=True)
class PipelineConfig:
    """Settings of the way from a page to its characters.

    Attributes:
        detector: settings of the ink detector.
        ask_recognizer: whether the detector asks the recognizer how likely each candidate box is a character.
        min_score: a character is kept if detection score times recognition score reaches this; half the F1 to be
            expected is best (Ye et al. 2012), and real pages reach 0.3 with the weights that come with the project.
        alternatives: readings kept for each character, the best included.
        batch_size: crops that go through the recognizer at once.
    """

    detector: InkDetectorConfig = field(default_factory=InkDetectorConfig)
    ask_recognizer: bool = True
    min_score: float = 0.15
    alternatives: int = 5
    batch_size: int = 256


@dataclass(frozen=True, eq=False)
class DetectedPage:
    """A page after detection: all that recognition needs of it.

    Attributes:
        image_id: the page's id.
        detections: its N boxes.
        crops: uint8 (N, S, S), the ink in each box.
    """

    image_id: str
    detections: Detections
    crops: NDArray[np.uint8]


class Pipeline:
    """Reads pages with one detector and one recognizer."""

    def __init__(self, recognizer: "Recognizer", config: PipelineConfig | None = None) -> None:
        self.config = config or PipelineConfig()
        self.detector = InkDetector(self.config.detector)
        self.recognizer = recognizer

    def detect(self, image_id: str, page: NDArray[np.uint8]) -> DetectedPage:
        """Finds the characters of one page and cuts them out; safe to call from several threads.

        Args:
            image_id: the page's id.
            page: uint8 (H, W, 3), RGB.
        """
        return self.cut(image_id, self.explain(page))

    def explain(self, page: NDArray[np.uint8]) -> DetectionStages:
        """The detector's stages on one page, uint8 (H, W, 3) RGB."""
        return self.detector.explain(page, self.recognizer.score_boxes if self.config.ask_recognizer else None)

    def cut(self, image_id: str, stages: DetectionStages) -> DetectedPage:
        """Cuts the detected characters out of the ink they were found in."""
        crops = crop_boxes(stages.ink, stages.detections.boxes, self.recognizer.crop_config)
        return DetectedPage(image_id, stages.detections, crops)

    def recognize(self, pages: Sequence[DetectedPage]) -> list[PageCharacters]:
        """Reads the crops of several pages in common batches."""
        if not pages:
            return []
        recognitions = self.recognizer.recognize_crops(np.concatenate([page.crops for page in pages]))
        starts = np.cumsum([0, *(len(page.detections) for page in pages)])
        return [self._assemble(page, recognitions, int(start)) for page, start in zip(pages, starts[:-1], strict=True)]

    def read(self, pages: Iterable[tuple[str, NDArray[np.uint8]]]) -> Iterator[PageCharacters]:
        """Reads pages of (image_id, RGB array) one by one."""
        for image_id, page in pages:
            yield from self.recognize([self.detect(image_id, page)])

    def _assemble(self, page: DetectedPage, recognitions: Recognitions, start: int) -> PageCharacters:
        characters = [
            _character(page.detections, place, recognitions, start + place, self.recognizer.charset)
            for place in range(len(page.detections))
        ]
        return PageCharacters(page.image_id, tuple(one for one in characters if one.score >= self.config.min_score))


def _character(detections: Detections, place: int, recognitions: Recognitions, row: int, charset: Charset) -> Character:
    x0, y0, x1, y1 = detections.boxes[place].tolist()
    x, y = detections.points[place].tolist()
    detection_score = float(detections.scores[place])
    ids, scores = recognitions.top_ids[row].tolist(), recognitions.top_scores[row].tolist()
    alternatives = tuple(Alternative(charset.codepoints[one], score) for one, score in zip(ids, scores, strict=True))
    best = alternatives[0]
    return Character(
        (x0, y0, x1, y1), best.codepoint, detection_score * best.score, detection_score, alternatives, (x, y)
    )
