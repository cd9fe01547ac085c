"""The main job on the embedded sample competition: pages to submission to F1 to report."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import kuzushiji_submit
from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.competition.sample import read_sample_ids
from kuzushiji_submit.core.files import try_folder
from kuzushiji_submit.reading.default_weights import all_recognizer_weights, detector_weights
from kuzushiji_submit.reading.journal import forget
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, describe, load_pipeline
from kuzushiji_submit.reading.predict import PredictJob, predict, try_targets
from kuzushiji_submit.reading.step_files import StepFiles
from kuzushiji_submit.report.build_report import ReportSummary, build_report
from kuzushiji_submit.report.confusions import Confusion
from kuzushiji_submit.report.model import PageScore

SAMPLE = DataFolder(Path(next(iter(kuzushiji_submit.__path__))) / "sample")
SAMPLE_TRUTH = SAMPLE.root / "test_truth.csv"
SAMPLE_PAGES = SAMPLE.root / "pages.csv"


@dataclass(frozen=True)
class DemoResult:
    """What the demo made.

    Attributes:
        score: the submission's score against the sample's truth, with and without regard to labels.
        pages: the same page by page, by image_id.
        confusions: which character was read as which, commonest first.
        submission: the CSV file.
        report: the report's first page.
    """

    score: PageScore
    pages: Mapping[str, PageScore]
    confusions: Sequence[Confusion]
    submission: Path
    report: Path

    @property
    def worst(self) -> str:
        """The image_id of the page that was read worst."""
        return min(self.pages, key=lambda image_id: self.pages[image_id].counts.f1)


def describe_pages() -> dict[str, str]:
    """What is to be seen on each page of the sample, by image_id."""
    with SAMPLE_PAGES.open(encoding="utf-8", newline="") as stream:
        return {row["image_id"]: row["description"] for row in csv.DictReader(stream)}


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
    files = StepFiles.chosen(config)
    pipeline = load_pipeline(config, weights, detector, device, files)
    predict(job, pipeline, describe(config, pipeline, weights, detector, files))
    report = build_report(
        images=SAMPLE.test_images,
        submission=submission,
        out=out / "report",
        truth=SAMPLE_TRUTH,
        characters=characters,
        translation=SAMPLE.translation_csv,
    )
    return _result(report, submission)


def _result(report: ReportSummary, submission: Path) -> DemoResult:
    if report.score is None:
        raise AssertionError("every page of the sample has truth")
    return DemoResult(report.score, report.scores, report.confusions, submission, report.index)
