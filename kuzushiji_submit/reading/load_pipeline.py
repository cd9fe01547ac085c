"""The pipelines there are: which detector and which recognizer, with which settings."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from detection.detections import Detector
from detection.heatmap.detector import HeatmapDetectorConfig
from detection.ink.detector import InkDetector, InkDetectorConfig
from detection.load import load_any_detector
from kuzushiji_submit import __version__
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.same_ink import require_trained_ink
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.context.ngram_context import NgramContext
from kuzushiji_submit.reading.context.step import ContextStep
from kuzushiji_submit.reading.page_reading import PageStep
from kuzushiji_submit.reading.pipeline import Pipeline
from kuzushiji_submit.reading.prior.prior_file import load_prior
from kuzushiji_submit.reading.view_config import ViewConfig
from recognition.recognizer import Recognizer


@dataclass(frozen=True)
class PipelineConfig:
    """Settings of the way from a page to its characters.

    Attributes:
        ink: the ink that both stages are shown; None for what the recognizer was trained on, and any other is refused.
        detector: settings of the ink detector.
        heatmap: settings of the heatmap detector.
        ask_recognizer: whether the ink detector asks the recognizer how likely each candidate box is a character.
        min_score: a character is kept if detection score times recognition score reaches this; None for the value in
            the recognizer's weights, which `kuzushiji calibrate` chooses. Half the F1 to be expected is best (Ye et al.
            2012).
        alternatives: readings kept for each character, the best included.
        batch_size: crops that go through the recognizer at once.
        context: how the text around a character weighs in.
        views: how pages lie in their files: turned, or as negatives.
    """

    ink: InkConfig | None = None
    detector: InkDetectorConfig = field(default_factory=InkDetectorConfig)
    heatmap: HeatmapDetectorConfig = field(default_factory=HeatmapDetectorConfig)
    ask_recognizer: bool = True
    min_score: float | None = None
    alternatives: int = 5
    batch_size: int = 256
    context: ContextConfig = field(default_factory=ContextConfig)
    views: ViewConfig = field(default_factory=ViewConfig)


def load_recognizer(config: PipelineConfig, weights: Path, device: str = "auto") -> Recognizer:
    """The recognizer of a weights file.

    Raises:
        WeightsError: if the file is missing, damaged or does not match.
        DeviceError: if the device cannot be used.
    """
    considered = config.context.alternatives if config.context.changes_something else 0
    top_k = max(config.alternatives, considered)
    return Recognizer.load(weights, device, top_k=top_k, batch_size=config.batch_size)


def load_detector(
    config: PipelineConfig, weights: Path | None, recognizer: Recognizer, device: str = "auto"
) -> Detector:
    """The detector of a weights file, or without one the ink detector.

    Args:
        config: settings of both.
        weights: the file, or None.
        recognizer: says which ink pages have; the ink detector asks it about candidate boxes, if it is to ask at all.
        device: where the network runs.

    Raises:
        WeightsError: if the file is missing, damaged or does not match, or was trained on another ink.
        DeviceError: if the device cannot be used.
    """
    if weights is not None:
        detector, seen = load_any_detector(weights, config.heatmap, device)
        if seen is not None:
            require_trained_ink(recognizer.ink, seen, f"{weights}: the recognizer's ink")
        return detector
    return InkDetector(config.detector, recognizer.score_boxes if config.ask_recognizer else None)


def make_pipeline(
    config: PipelineConfig, detector: Detector, recognizer: Recognizer, prior: Path | None = None
) -> Pipeline:
    """The pipeline of two stages, the settings that are not theirs, and a text prior where there is one.

    Raises:
        PriorFileError: if the prior is damaged.
        WeightsError: if the settings ask for another ink than the recognizer was trained on.
    """
    if config.ink is not None:
        require_trained_ink(config.ink, recognizer.ink, "the ink in the settings")
    steps: list[PageStep] = []
    if prior is not None and config.context.changes_something:
        steps.append(ContextStep(NgramContext(load_prior(prior), recognizer.charset.codepoints, config.context)))
    return Pipeline(
        detector,
        recognizer,
        min_score=config.min_score,
        alternatives=config.alternatives,
        steps=steps,
        views=config.views,
    )


def load_pipeline(
    config: PipelineConfig,
    recognizer_weights: Path,
    detector_weights: Path | None,
    device: str = "auto",
    prior: Path | None = None,
) -> Pipeline:
    """The pipeline of two weights files and a text prior.

    Without the detector's weights the ink detector finds the characters; without a prior nothing is read again.

    Raises:
        WeightsError: if a file is missing, damaged or does not match, or the stages were trained on different inks.
        DeviceError: if the device cannot be used.
    """
    recognizer = load_recognizer(config, recognizer_weights, device)
    return make_pipeline(config, load_detector(config, detector_weights, recognizer, device), recognizer, prior)


def describe(
    config: PipelineConfig,
    pipeline: Pipeline,
    recognizer_weights: Path,
    detector_weights: Path | None,
    prior: Path | None = None,
) -> dict[str, Any]:
    """All that a page's reading depends on beside the page, as JSON values: what a settings file and a journal hold."""
    config = replace(config, ink=pipeline.recognizer.ink)
    return {
        "version": __version__,
        "pipeline": to_plain(config),
        "recognizer_weights": _fingerprint(recognizer_weights),
        "detector_weights": _fingerprint(detector_weights) if detector_weights else None,
        "text_prior": _fingerprint(prior) if prior else None,
    }


def _fingerprint(weights: Path) -> dict[str, str]:
    return {"file": weights.name, "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
