"""A reader adapted to pages without labels: self-training on its own sure readings (Lee 2013; Xie et al. 2020).

```
pages ─ read, with the text prior ─▶ before.jsonl ─ sure ones ─▶ crops/ + soft labels ─┐
labeled crops ─────────────────────────────────────────────────────────────────────────┴─ train ─▶ training/
pages ─ read again ─▶ after.jsonl ─▶ what changed            guard: F1 on labeled pages before and after
                                                              └─ not worse ─▶ recognizer.safetensors
                                                              └─ worse ─────▶ training/adapted.safetensors alone
```

Every step goes on where a stopped run was.
"""

import shutil
from collections.abc import Sequence, Set
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from kuzushiji_submit.competition.data_folder import DataFolder, list_images
from kuzushiji_submit.competition.missing_folder import explain_no_images
from kuzushiji_submit.competition.page_images import PageImages
from kuzushiji_submit.competition.scoring import Counts, score_pages, total
from kuzushiji_submit.core.errors import PageReadError, TrainingError
from kuzushiji_submit.core.files import atomic_bytes, sha256_of
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.core.time_budget import TimeBudget
from kuzushiji_submit.core.training.book_split import books_of_description, describe_books
from kuzushiji_submit.core.training.run_folder import write_json
from kuzushiji_submit.core.weights import replace_record
from kuzushiji_submit.core.weights_record import Provenance
from kuzushiji_submit.reading.journal import Journal
from kuzushiji_submit.reading.load_pipeline import describe, load_pipeline, load_recognizer
from kuzushiji_submit.reading.pipeline import Pipeline
from kuzushiji_submit.reading.step_files import StepFiles
from kuzushiji_submit.training_data.adaptation.changes import ReadingChanges, compare_readings
from kuzushiji_submit.training_data.adaptation.config import AdaptConfig
from kuzushiji_submit.training_data.adaptation.guard import GuardPages, read_guard
from kuzushiji_submit.training_data.adaptation.pseudo_labels import cut_labels
from kuzushiji_submit.training_data.adaptation.read_folder import read_folder
from kuzushiji_submit.training_data.labeled_crops import cut_labeled
from recognition.training.config import SplitConfig, TrainConfig
from recognition.training.crop_store import CropStore
from recognition.training.sources import CropSource
from recognition.training.train import train
from recognition.weights_file import read_metadata

BEFORE, AFTER, RESULT = "before.jsonl", "after.jsonl", "result.json"
CROPS, TRAINING = "crops", "training"
ADOPTED, CANDIDATE = "recognizer.safetensors", "adapted.safetensors"


@dataclass(frozen=True)
class AdaptJob:
    """What adapts to what.

    Attributes:
        images: the pages, without labels: what `list_images` takes.
        out: folder of the run.
        recognizer: the weights that adapt; they stay as they are.
        detectors: the detector's weights; none for the ink detector.
        files: of what reads the pages again: the text prior, the column model.
        crops: stores of labeled crops, real or synthetic, that keep the reader from forgetting.
        labeled: data folders whose labeled crops are cut first, for the same.
        teachers: further recognizers that read the pages together with the one that adapts, before it does: what it
            learns is what all of them say.
        store: where crops are cut to; None for the folder of the run. They are large, and cut anew where they lack.
        guard: data folder with the truth of pages that nothing was trained on; None for no guard.
        device: where pages are read.
        resume: whether to go on with a stopped run.
        time_budget: the time there is, or None.
        workers: threads that find characters ahead, and processes that cut crops.
        split_spreads: whether the scan of an open book is two pages.
    """

    images: Path
    out: Path
    recognizer: Path
    detectors: tuple[Path, ...]
    files: StepFiles
    crops: tuple[Path, ...]
    labeled: tuple[Path, ...] = ()
    teachers: tuple[Path, ...] = ()
    store: Path | None = None
    guard: Path | None = None
    device: str = "auto"
    resume: bool = False
    time_budget: TimeBudget | None = None
    workers: int = 1
    split_spreads: bool = False

    @property
    def readers(self) -> tuple[Path, ...]:
        """The recognizers that read the pages before; the one that adapts is the first, and class ids are its."""
        return (self.recognizer, *self.teachers)

    @property
    def cut_to(self) -> Path:
        """The folder of the crops that are cut."""
        return self.store or self.out


@dataclass(frozen=True)
class AdaptResult:
    """What became of it.

    Attributes:
        weights: the adapted weights, or those that the guard refused; None where time was up before.
        labels: sure readings that were trained on.
        changes: how the pages are read before and after; None where time was up before.
        guard_before: how the weights read the guard's pages; None without a guard.
        guard_after: the same, adapted.
        adopted: False where the guard refused the result, or time was up before.
    """

    weights: Path | None = None
    labels: int = 0
    changes: ReadingChanges | None = None
    guard_before: Counts | None = None
    guard_after: Counts | None = None
    adopted: bool = False


def forget_run(out: Path, store: Path | None = None) -> None:
    """Removes what a run has left in its folder, and the readings that it cut to a store, so that another can begin."""
    for folder in ((store or out) / CROPS, out / TRAINING):
        shutil.rmtree(folder, ignore_errors=True)
    for name in (BEFORE, AFTER, RESULT, ADOPTED):
        (out / name).unlink(missing_ok=True)


def adapt(job: AdaptJob, config: AdaptConfig) -> AdaptResult:
    """Adapts a reader to pages, and says what it changed.

    The folder of the run gets the readings before and after (before.jsonl, after.jsonl), the crops and the training
    (crops/, training/), result.json, and, unless the guard's pages are read worse than before, recognizer.safetensors.

    Raises:
        TrainingError: if the folder holds a run that is not to be resumed, or no reading is sure enough.
        PageReadError: if there is no page.
        KuzushijiError: as reading and training.
        StoppedBySignalError: if the run was told to stop; `resume` goes on.
    """
    if (job.out / BEFORE).exists() and not job.resume:
        raise TrainingError(f"{job.out} holds a run: go on with it (--resume), forget it (--restart), or name another")
    files = list_images(job.images, split_spreads=job.split_spreads)
    images = PageImages(files, files, job.images)
    if not images:
        raise PageReadError(f"{job.images}: {explain_no_images(job.images)}")
    labeled = _labeled_crops(job)
    trained_on = {book for store in labeled for book in store.book_ids}
    guard = read_guard(DataFolder(job.guard), trained_on, set(images)) if job.guard else None
    pipeline = _pipeline(job, config, job.readers)
    with closing(_open(job, config, pipeline, job.readers, BEFORE)) as before:
        if not read_folder(pipeline, images, before, job.time_budget, job.workers):
            return AdaptResult()
        recognizer = load_recognizer(config.pipeline, [job.recognizer], job.device)
        store, soft = cut_labels(images, before, job.cut_to / CROPS, recognizer, config.least_score)
        if len(store) < 2:
            raise TrainingError(
                f"{job.images}: {len(store)} of the readings have a score of {config.least_score:g}: lower least_score"
            )
        source = CropSource(store, config.share, validate=False, name="sure readings", soft=soft)
        seen = {book for crops in (store, *labeled) for book in crops.book_ids}
        candidate = _train(job, config, [source, *_labeled_sources(labeled, 1 - config.share)], seen)
        if candidate is None:
            return AdaptResult(labels=len(store))
        adapted, compared = _pipeline(job, config, [candidate]), _compared(images, config.compared)
        with closing(_open(job, config, adapted, [candidate], AFTER)) as after:
            if not read_folder(adapted, compared, after, job.time_budget, job.workers):
                return AdaptResult(labels=len(store))
            changes = compare_readings(before, after, pipeline.min_score)
    return _judge(job, config, guard, AdaptResult(candidate, len(store), changes))


def _judge(job: AdaptJob, config: AdaptConfig, guard: GuardPages | None, result: AdaptResult) -> AdaptResult:
    """The result with what the guard says, its weights under their last name."""
    if guard is not None and result.weights is not None:
        counts = [_score(_pipeline(job, config, [weights]), guard) for weights in (job.recognizer, result.weights)]
        result = replace(result, guard_before=counts[0], guard_after=counts[1])
    before, after = result.guard_before, result.guard_after
    adopted = job.out / ADOPTED
    if result.weights is not None and (before is None or after is None or after.f1 >= before.f1):
        atomic_bytes(adopted, result.weights.read_bytes())
        result = replace(result, weights=adopted, adopted=True)
    else:
        adopted.unlink(missing_ok=True)
    write_json(job.out / RESULT, to_plain(result))
    return result


def _score(pipeline: Pipeline, guard: GuardPages) -> Counts:
    read = [reading.to_points() for reading in pipeline.read(guard.pages())]
    return total(score_pages(guard.truth, read, subset=True).values())


def _labeled_crops(job: AdaptJob) -> list[CropStore]:
    """The stores that were named, and those that are cut of data folders, as the weights need their crops."""
    cut = cut_labeled(job.labeled, job.cut_to, job.recognizer, workers=job.workers)
    return [CropStore(path) for path in (*job.crops, *cut)]


def _compared(images: PageImages, count: int) -> PageImages:
    """So many of the pages, evenly over all of them; all of them for 0."""
    ids = list(images)
    if not 0 < count < len(ids):
        return images
    return PageImages([ids[place * len(ids) // count] for place in range(count)], images, images.folder)


def _pipeline(job: AdaptJob, config: AdaptConfig, weights: Sequence[Path]) -> Pipeline:
    return load_pipeline(config.pipeline, weights, job.detectors, job.device, job.files)


def _open(job: AdaptJob, config: AdaptConfig, pipeline: Pipeline, weights: Sequence[Path], name: str) -> Journal:
    """The journal of the pages that a pipeline reads, which is gone on with only where all settings are the same."""
    made_by = describe(config.pipeline, pipeline, weights, job.detectors, job.files)
    learned = {key: value for key, value in to_plain(config).items() if key != "pipeline"}
    learned["training"].pop("runtime")
    # A data folder is known by its truth: on the next machine it may lie elsewhere.
    labeled = [sha256_of(DataFolder(path).train_csv) for path in job.labeled]
    made_by["adapt"] = {**learned, "crops": [*map(str, job.crops), *labeled]}
    return Journal(job.out / name, made_by, pipeline.recognizer.charset, resume=True)


def _labeled_sources(stores: Sequence[CropStore], share: float) -> list[CropSource]:
    """The labeled crops, which share their part of the draws by their numbers."""
    crops = sum(len(store) for store in stores)
    return [
        CropSource(store, share * len(store) / crops, validate=False, name=store.folder.name)
        for store in stores
        if len(store)
    ]


def _train(job: AdaptJob, config: AdaptConfig, sources: Sequence[CropSource], seen: Set[str]) -> Path | None:
    """The weights after training on crops of these books, calibrated as before; None where time was up before."""
    out = job.out / TRAINING
    candidate = out / CANDIDATE
    if candidate.is_file():
        return candidate
    metadata = read_metadata(job.recognizer)
    settings: TrainConfig = replace(
        config.training,
        model=metadata.model,
        preprocess=metadata.preprocess,
        measure_normalization=False,
        initial_weights=str(job.recognizer),
        split=SplitConfig(folds=0),
        export="last",
        # On several devices this whole command would run once on each, and all would write the same files.
        runtime=replace(config.training.runtime, devices="1"),
    )
    if job.time_budget is not None:
        left = max(1.0, job.time_budget.remaining)
        settings = replace(settings, runtime=replace(settings.runtime, time_budget=left))
    result = train(settings, sources, out, resume=out.exists(), provenance=_provenance(job, metadata.provenance))
    if not result.completed:
        return None
    made = read_metadata(result.weights)
    # What was held out before and is not among the crops is held out still.
    unseen = [book for book in books_of_description(metadata.provenance.split) if book not in seen]
    provenance = replace(made.provenance, split=describe_books(unseen))
    record = replace(made, calibration=metadata.calibration, provenance=provenance).to_record()
    replace_record(result.weights, candidate, record)
    return candidate


def _provenance(job: AdaptJob, before: Provenance) -> Provenance:
    """What the weights that adapt say, and what they have seen since."""
    kept = ", ".join(path.resolve().name for path in (*job.crops, *job.labeled))
    seen = f"adapted to the unlabeled pages of {job.images.resolve().name}, together with labeled crops of {kept}"
    origin = f"adapted from {job.recognizer.name} (sha256 {sha256_of(job.recognizer)})"
    return replace(
        before,
        training_data="; ".join(filter(None, [before.training_data, seen])),
        notes="; ".join(filter(None, [before.notes, origin])),
        date="",
    )
