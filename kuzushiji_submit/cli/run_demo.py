"""The main job on the embedded sample competition: pages to submission to F1 to report."""

from dataclasses import dataclass
from pathlib import Path

import kuzushiji_submit
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.sample import read_sample_ids
from kuzushiji_submit.competition.scoring import Counts, score_pages, total
from kuzushiji_submit.competition.submission import read_submission
from kuzushiji_submit.competition.truth import read_truth
from kuzushiji_submit.core.files import try_folder
from kuzushiji_submit.reading.default_weights import all_recognizer_weights, detector_weights, text_prior
from kuzushiji_submit.reading.journal import forget
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, describe, load_pipeline
from kuzushiji_submit.reading.predict import PredictJob, predict, try_targets
from kuzushiji_submit.report.build_report import build_report

SAMPLE = DataFolder(Path(next(iter(kuzushiji_submit.__path__))) / "sample")
SAMPLE_TRUTH = SAMPLE.root / "test_truth.csv"


@dataclass(frozen=True)
class DemoResult:
    """What the demo made.

    Attributes:
        counts: the submission's score against the sample's truth.
        detection: the same with labels ignored.
        submission: the CSV file.
        report: the report's first page.
    """

    counts: Counts
    detection: Counts
    submission: Path
    report: Path


def run_demo(out: Path, device: str = "auto") -> DemoResult:
    """Reads the sample's pages into `out`, which may hold an earlier demo.

    Args:
        out: folder for the submission and the report.
        device: where the networks run.

    Raises:
        KuzushijiError: if a file cannot be written.
    """
    submission, characters = out / "submission.csv", out / "characters.jsonl"
    forget(submission)  # a demo is too short to be worth resuming
    weights = all_recognizer_weights(None)
    detector = detector_weights(None, None)
    config = PipelineConfig()
    job = PredictJob(SAMPLE.test_images, submission, read_sample_ids(SAMPLE.sample_csv), characters=characters)
    try_targets(job)
    try_folder(out / "report", "--out")
    prior = text_prior(None)
    pipeline = load_pipeline(config, weights, detector, device, prior)
    predict(job, pipeline, describe(config, pipeline, weights, detector, prior))
    truth, points = read_truth(SAMPLE_TRUTH), read_submission(submission)
    report = build_report(
        images=SAMPLE.test_images,
        submission=submission,
        out=out / "report",
        truth=SAMPLE_TRUTH,
        characters=characters,
        translation=SAMPLE.translation_csv,
    )
    return DemoResult(
        total(score_pages(truth, points).values()),
        total(score_pages(truth, points, detection_only=True).values()),
        submission,
        report.index,
    )
