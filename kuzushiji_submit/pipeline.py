"""A page image in, characters out: detector, crops, recognizer, context."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from detection.detections import Detections
from detection.detector import DetectionStages, InkDetector, InkDetectorConfig
from detection.heatmap.detector import HeatmapDetector, HeatmapDetectorConfig, HeatmapStages
from kuzushiji_submit.characters import Alternative, Character, PageCharacters
from kuzushiji_submit.defaults import text_prior
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.context.ngram_context import NgramContext
from kuzushiji_submit.reading.prior.prior_file import load_prior
from recognition.crops import Crops, crop_boxes
from recognition.recognitions import Recognitions
from recognition.recognizer import Recognizer


@dataclass(frozen=True)
class PipelineConfig:
    """Settings of the way from a page to its characters.

    Attributes:
        detector: settings of the ink detector.
        heatmap: settings of the heatmap detector.
        ask_recognizer: whether the ink detector asks the recognizer how likely each candidate box is a character.
        min_score: a character is kept if detection score times recognition score reaches this; None for the value in
            the recognizer's weights, which `kuzushiji calibrate` chooses. Half the F1 to be expected is best (Ye et al.
            2012).
        alternatives: readings kept for each character, the best included.
        batch_size: crops that go through the recognizer at once.
        context: how the text around a character weighs in.
    """

    detector: InkDetectorConfig = field(default_factory=InkDetectorConfig)
    heatmap: HeatmapDetectorConfig = field(default_factory=HeatmapDetectorConfig)
    ask_recognizer: bool = True
    min_score: float | None = None
    alternatives: int = 5
    batch_size: int = 256
    context: ContextConfig = field(default_factory=ContextConfig)


@dataclass(frozen=True, eq=False)
class DetectedPage:
    """A page after detection: all that recognition needs of it.

    Attributes:
        image_id: the page's id.
        detections: its N boxes.
        crops: the ink in and around each box.
    """

    image_id: str
    detections: Detections
    crops: Crops


class Pipeline:
    """Reads pages with one detector, one recognizer and, where it has one, one context."""

    def __init__(
        self,
        recognizer: Recognizer,
        config: PipelineConfig | None = None,
        heatmap: HeatmapDetector | None = None,
        context: NgramContext | None = None,
    ) -> None:
        """Puts the stages together.

        Args:
            recognizer: reads the crops.
            config: settings.
            heatmap: finds the characters; None leaves it to the ink detector.
            context: weighs what was read with the text around it; None leaves it as it was read.
        """
        self.config = config or PipelineConfig()
        self.detector = InkDetector(self.config.detector)
        self.heatmap = heatmap
        self.recognizer = recognizer
        self.context = context

    @classmethod
    def load(
        cls,
        config: PipelineConfig,
        recognizer_weights: Path,
        detector_weights: Path | None,
        device: str = "auto",
        prior: Path | None = None,
    ) -> Self:
        """The pipeline of two weights files and a text prior.

        Without the detector's weights the ink detector finds the characters; without a prior it is the project's own.
        Where the settings turn context off no prior is read.

        Raises:
            DetectionError, WeightsError, PriorFileError: if a file is damaged or does not match.
            CompetitionFileError: if the prior that is given is missing.
            RecognitionError: if the device cannot be used.
        """
        considered = config.context.alternatives if config.context.changes_something else 0
        recognizer = Recognizer.load(
            recognizer_weights, device, top_k=max(config.alternatives, considered), batch_size=config.batch_size
        )
        heatmap = HeatmapDetector.load(detector_weights, config.heatmap, device) if detector_weights else None
        path = text_prior(prior) if config.context.changes_something else None
        context = NgramContext(load_prior(path), recognizer.charset.codepoints, config.context) if path else None
        return cls(recognizer, config, heatmap, context)

    @property
    def min_score(self) -> float:
        """The joint score from which on a character is kept."""
        given = self.config.min_score
        return self.recognizer.metadata.calibration.min_score if given is None else given

    def detect(self, image_id: str, page: NDArray[np.uint8]) -> DetectedPage:
        """Finds the characters of one page and cuts them out; safe to call from several threads.

        Args:
            image_id: the page's id.
            page: uint8 (H, W, 3), RGB.
        """
        return self.cut(image_id, self.explain(page))

    def explain(self, page: NDArray[np.uint8]) -> DetectionStages | HeatmapStages:
        """The detector's stages on one page, uint8 (H, W, 3) RGB."""
        if self.heatmap is not None:
            return self.heatmap.explain(page)
        return self.detector.explain(page, self.recognizer.score_boxes if self.config.ask_recognizer else None)

    def cut(self, image_id: str, stages: DetectionStages | HeatmapStages) -> DetectedPage:
        """Cuts the detected characters out of the ink they were found in."""
        crops = crop_boxes(stages.ink, stages.detections.boxes, self.recognizer.crop_config)
        return DetectedPage(image_id, stages.detections, crops)

    def recognize(self, pages: Sequence[DetectedPage]) -> list[PageCharacters]:
        """Reads the crops of several pages in common batches."""
        if not pages:
            return []
        recognitions = self.recognizer.recognize_crops(Crops.concatenate([page.crops for page in pages]))
        starts = np.cumsum([0, *(len(page.detections) for page in pages)])
        return [self._assemble(page, recognitions, int(start)) for page, start in zip(pages, starts[:-1], strict=True)]

    def read(self, pages: Iterable[tuple[str, NDArray[np.uint8]]]) -> Iterator[PageCharacters]:
        """Reads pages of (image_id, RGB array) one by one."""
        for image_id, page in pages:
            yield from self.recognize([self.detect(image_id, page)])

    def _assemble(self, page: DetectedPage, recognitions: Recognitions, start: int) -> PageCharacters:
        seen = recognitions.part(start, start + len(page.detections))
        read = seen
        if self.context is not None:
            boxes, scores = page.detections.boxes, page.detections.scores
            in_context = self.context.read(boxes, seen.top_ids, seen.top_scores, scores)
            read = Recognitions(in_context.top_ids, in_context.top_scores)
        characters = []
        for place in range(len(page.detections)):
            eye = self._alternatives(seen, place) if self.context is not None else ()
            characters.append(_character(page.detections, place, self._alternatives(read, place), eye))
        return PageCharacters(page.image_id, tuple(one for one in characters if one.score >= self.min_score))

    def _alternatives(self, recognitions: Recognitions, place: int) -> tuple[Alternative, ...]:
        ids = recognitions.top_ids[place, : self.config.alternatives].tolist()
        scores = recognitions.top_scores[place, : self.config.alternatives].tolist()
        codepoints = self.recognizer.charset.codepoints
        return tuple(Alternative(codepoints[class_id], score) for class_id, score in zip(ids, scores, strict=True))


def _character(
    detections: Detections, place: int, alternatives: tuple[Alternative, ...], eye: tuple[Alternative, ...]
) -> Character:
    x0, y0, x1, y1 = detections.boxes[place].tolist()
    x, y = detections.points[place].tolist()
    detection_score, best = float(detections.scores[place]), alternatives[0]
    score = detection_score * best.score
    return Character((x0, y0, x1, y1), best.codepoint, score, detection_score, alternatives, (x, y), eye)
