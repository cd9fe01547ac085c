"""The pipelines there are: which detector and which recognizer, with which settings."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import torch

from detection.dense.inference import DenseConfig, DensePageReader
from detection.detections import Detector
from detection.heatmap.detector import HeatmapDetectorConfig
from detection.ink.detector import InkDetector, InkDetectorConfig
from detection.load import load_detectors
from kuzushiji_submit import __version__
from kuzushiji_submit.core.devices import choose_device, fast_half
from kuzushiji_submit.core.files import sha256_of
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.same_ink import require_trained_ink
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.reading.book_hand import HandConfig
from kuzushiji_submit.reading.column.config import ColumnConfig
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.page_reading import PageStep
from kuzushiji_submit.reading.pipeline import Pipeline
from kuzushiji_submit.reading.second_level.config import SecondLevelConfig
from kuzushiji_submit.reading.second_level.second_level_file import load_second_level
from kuzushiji_submit.reading.second_opinion import DenseOpinionConfig, SecondOpinion
from kuzushiji_submit.reading.step_files import NO_FILES, StepFiles
from kuzushiji_submit.reading.text_readers import TextReaders
from kuzushiji_submit.reading.view_config import ViewConfig
from kuzushiji_submit.reading.weights_by_kind import split_by_kind
from recognition.column.network import ColumnNetworkConfig
from recognition.ensemble import RecognizerEnsemble
from recognition.recognizer import Recognizer
from recognition.scoring_recognizer import ScoringRecognizer
from recognition.several_views import ViewsConfig

logger = logging.getLogger(__name__)


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
        temperature: what logits are divided by before the softmax; None for the value in the recognizer's weights. The
            mean of several recognizers has one of its own, on top of theirs; None for 1.
        views: how often each crop is looked at.
        alternatives: readings kept for each character, the best included.
        batch_size: crops that go through the recognizer at once.
        hand: how the pages of a book help each other.
        half: the recognizer computes in 16 bits where the device does so faster (`heatmap.half`: so does the detector).
        context: how the text around a character weighs in.
        column: how the column model weighs in.
        second_level: whether what is known of each character decides once more if it is worth a row.
        page_views: how pages lie in their files: turned, or as negatives.
        dense: how dense readers among the recognizer's weights weigh in.
    """

    ink: InkConfig | None = None
    detector: InkDetectorConfig = field(default_factory=InkDetectorConfig)
    heatmap: HeatmapDetectorConfig = field(default_factory=HeatmapDetectorConfig)
    ask_recognizer: bool = True
    min_score: float | None = None
    temperature: float | None = None
    views: ViewsConfig = field(default_factory=ViewsConfig)
    alternatives: int = 5
    batch_size: int = 256
    hand: HandConfig = field(default_factory=HandConfig)
    half: bool = True
    context: ContextConfig = field(default_factory=ContextConfig)
    column: ColumnConfig = field(default_factory=ColumnConfig)
    second_level: SecondLevelConfig = field(default_factory=SecondLevelConfig)
    page_views: ViewConfig = field(default_factory=ViewConfig)
    dense: DenseOpinionConfig = field(default_factory=DenseOpinionConfig)


def load_recognizer(config: PipelineConfig, weights: Sequence[Path], device: str = "auto") -> ScoringRecognizer:
    """The recognizer of a weights file, or of several, whose scores are averaged in the logarithm.

    Dense readers among them are left out: see `load_second_opinion`.

    Raises:
        ConfigError: if the settings ask for a temperature that is none.
        WeightsError: if a file is missing, damaged or does not match, or two files do not fit together.
        DeviceError: if the device cannot be used.
    """
    in_hand = config.hand.changes_something
    top_k = max(
        config.alternatives,
        config.context.alternatives if config.context.changes_something else 0,
        ColumnNetworkConfig().candidates if config.column.weight_for(config.context, beside_prior=True) else 0,
        config.hand.alternatives if in_hand else 0,
    )
    half = config.half and fast_half(choose_device(device)) is not None
    weights = split_by_kind(weights)[0]
    members = [
        Recognizer.load(
            path,
            device,
            top_k=top_k,
            batch_size=config.batch_size,
            half=half,
            views=config.views,
            embeddings=None if in_hand else False,  # a network that gives none reads each page by itself
        )
        for path in weights
    ]
    recognizer: ScoringRecognizer = members[0]
    if len(members) > 1:
        names = [str(path) for path in weights]
        recognizer = RecognizerEnsemble(members, names, top_k=top_k, batch_size=config.batch_size)
    if config.temperature is not None:
        recognizer.calibrate(replace(recognizer.calibration, temperature=config.temperature))
    return recognizer


def load_second_opinion(
    config: PipelineConfig, weights: Sequence[Path], recognizer: ScoringRecognizer, device: str = "auto"
) -> SecondOpinion | None:
    """What the dense readers among the recognizer's weights say together; None where there are none.

    Args:
        config: settings of both.
        weights: the recognizer's, as `load_recognizer` takes them.
        recognizer: what they join.
        device: where they run.

    Raises:
        WeightsError: if a file is missing or damaged, or says other characters than the recognizer.
        DeviceError: if the device cannot be used.
    """
    dense = split_by_kind(weights)[1]
    share = len(dense) / len(weights) if config.dense.share is None else config.dense.share
    if not dense or share == 0:
        return None
    half = config.half and fast_half(choose_device(device)) is not None
    members = [DensePageReader.load(path, DenseConfig(half=half), device) for path in dense]
    return SecondOpinion(members, [str(path) for path in dense], recognizer.charset, share)


def detector_asks(config: PipelineConfig, detector_weights: Sequence[Path]) -> bool:
    """Whether the detector that `load_detector` gives asks the recognizer about candidate boxes."""
    return not detector_weights and config.ask_recognizer


def load_detector(
    config: PipelineConfig, weights: Sequence[Path], recognizer: ScoringRecognizer, device: str = "auto"
) -> Detector:
    """The detector of a weights file, or of several, whose maps are averaged; without one the ink detector.

    Args:
        config: settings of both.
        weights: the files; none for the ink detector.
        recognizer: says which ink pages have; the ink detector asks it about candidate boxes, if it is to ask at all.
        device: where the network runs.

    Raises:
        WeightsError: if the file is missing, damaged or does not match, or was trained on another ink.
        DeviceError: if the device cannot be used.
    """
    if weights:
        detector, seen = load_detectors(weights, config.heatmap, device)
        if seen is not None:
            require_trained_ink(recognizer.ink, seen, f"{weights[0]}: the recognizer's ink")
        return detector
    return InkDetector(config.detector, recognizer.score_boxes if detector_asks(config, weights) else None)


def make_pipeline(
    config: PipelineConfig,
    detector: Detector,
    recognizer: ScoringRecognizer,
    files: StepFiles = NO_FILES,
    second_opinion: SecondOpinion | None = None,
) -> Pipeline:
    """The pipeline of two stages, the settings that are not theirs, and what else there is.

    Args:
        config: the settings.
        detector: finds the characters.
        recognizer: reads the crops.
        files: of what reads a page again.
        second_opinion: what joins the recognizer, if there is something.

    Raises:
        PriorFileError: if the text prior is damaged.
        WeightsError: if the settings ask for another ink than the recognizer was trained on, or the column model or
            the second level is missing or damaged.
    """
    if config.ink is not None:
        require_trained_ink(config.ink, recognizer.ink, "the ink in the settings")
    context = config.context.with_weight(recognizer.calibration.context_weight)
    steps: list[PageStep] = [*TextReaders(files, recognizer.charset.codepoints, config.column).steps(context)]
    min_score = config.min_score
    if files.second_level is not None and config.second_level.enabled:
        level = load_second_level(files.second_level)
        if level.active:
            steps.append(level)
            min_score = level.min_score if min_score is None else min_score
        else:
            logger.warning("%s: did not help on books it had not seen: it is not used", files.second_level)
    return Pipeline(
        detector,
        recognizer,
        min_score=min_score,
        alternatives=config.alternatives,
        steps=steps,
        page_views=config.page_views,
        hand=config.hand,
        second_opinion=second_opinion,
    )


def load_pipeline(
    config: PipelineConfig,
    recognizer_weights: Sequence[Path],
    detector_weights: Sequence[Path],
    device: str = "auto",
    files: StepFiles = NO_FILES,
) -> Pipeline:
    """The pipeline of weights files of both stages and of what reads a page again; files of a stage are averaged.

    Dense readers among the recognizer's files look at the whole page and join the others. Without the detector's
    weights the ink detector finds the characters; without text prior and column model nothing is read again, without a
    second level the product of the two stages' scores decides.

    Raises:
        WeightsError: if a file is missing, damaged or does not match, or the stages were trained on different inks.
        DeviceError: if the device cannot be used.
    """
    recognizer = load_recognizer(config, recognizer_weights, device)
    detector = load_detector(config, detector_weights, recognizer, device)
    opinion = load_second_opinion(config, recognizer_weights, recognizer, device)
    return make_pipeline(config, detector, recognizer, files, opinion)


def load_in_worker(*args: Any, threads: int | None = None) -> Pipeline:  # noqa: ANN401 - as `load_pipeline`
    """As `load_pipeline`, in a process that has others beside it.

    Args:
        args: of `load_pipeline`.
        threads: that it may use; None for what torch finds it may (Ray tells it in `OMP_NUM_THREADS`).
    """
    if threads is not None:
        torch.set_num_threads(threads)
    cv2.setNumThreads(torch.get_num_threads())
    return load_pipeline(*args)


def describe(
    config: PipelineConfig,
    pipeline: Pipeline,
    recognizer_weights: Sequence[Path],
    detector_weights: Sequence[Path],
    files: StepFiles = NO_FILES,
) -> dict[str, Any]:
    """All that a page's reading depends on beside the page, as JSON values: what a settings file and a journal hold."""
    config = replace(config, ink=pipeline.recognizer.ink)
    return {
        "version": __version__,
        "pipeline": to_plain(config),
        "recognizer_weights": [_fingerprint(path) for path in recognizer_weights],
        "detector_weights": [_fingerprint(path) for path in detector_weights],
        "text_prior": _fingerprint(files.prior),
        "column_model": _fingerprint(files.column),
        "second_level": _fingerprint(files.second_level),
    }


def _fingerprint(weights: Path | None) -> dict[str, str] | None:
    return None if weights is None else {"file": weights.name, "sha256": sha256_of(weights)}
