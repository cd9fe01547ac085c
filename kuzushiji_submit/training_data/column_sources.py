"""What the column model is trained on: texts, and what readers of crops mistake for what."""

from collections.abc import Collection, Sequence
from pathlib import Path

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.files import sha256_of
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, load_recognizer
from kuzushiji_submit.reading.prior.texts import read_books, read_text
from kuzushiji_submit.reading.weights_by_kind import split_by_kind
from recognition.training.column_config import ColumnTraining
from recognition.training.column_confusions import Confusions, read_confusions
from recognition.training.column_texts import TextSource
from recognition.training.crop_store import CropStore


def make_text_sources(
    truth: Sequence[Path], texts: Sequence[Path], shares: Sequence[float] = (), leave_out: Collection[str] = ()
) -> list[TextSource]:
    """Files as sources: books of annotated pages can be held out, other texts only train.

    Args:
        truth: files in train.csv's format.
        texts: transcriptions, as `read_text` takes them.
        shares: of the windows, one a file, those of the truth first; none for all alike.
        leave_out: books of the truth not to take.

    Raises:
        ConfigError: if there is no file, or the shares are not one a file.
        CompetitionFileError: if a file cannot be read.
    """
    paths = [*truth, *texts]
    if not paths:
        raise ConfigError("there is no text to train on: name some (--truth, --text)")
    shares = shares or [1.0] * len(paths)
    if len(shares) != len(paths):
        raise ConfigError(f"--shares has {len(shares)} numbers for {len(paths)} files of text: give one a file")
    sources = []
    for path, share in zip(paths[: len(truth)], shares, strict=False):
        books = read_books([path], leave_out)
        pages = [(book, page) for book, of_book in books.items() for page in of_book]
        sources.append(TextSource(path.name, [page for _, page in pages], [book for book, _ in pages], share))
    for path, share in zip(texts, shares[len(truth) :], strict=True):
        sources.append(TextSource(path.name, read_text(path), share=share))
    return sources


def make_confusions(
    folder: Path, crops: Sequence[Path], weights: Sequence[Path], settings: ColumnTraining, device: str = "auto"
) -> tuple[Confusions, Charset]:
    """What readers mistake for what on crops of theirs, and their characters in class order.

    Args:
        folder: where it is kept; what is there of the same readers and crops is taken as it is.
        crops: stores.
        weights: of the readers, which are averaged; dense readers among them cannot read crops and are left out.
        settings: of the run.
        device: where crops are read.

    Raises:
        WeightsError: if weights are missing, damaged, or do not fit each other or the crops' ink.
        CropStoreError: if a store is missing, damaged or unfinished.
        ConfigError: if crops were cut otherwise than the readers need them.
        TrainingError: as `read_confusions`.
        DeviceError: if the device cannot be used.
    """
    stores = [CropStore(path) for path in crops]
    of_crops = split_by_kind(weights)[0]
    reader = load_recognizer(PipelineConfig(), of_crops, device)
    name = " ".join(sha256_of(path) for path in of_crops)
    confusions = read_confusions(
        folder, stores, reader, name, settings.confusions, settings.seed, shown=settings.runtime.progress
    )
    return confusions, reader.charset
