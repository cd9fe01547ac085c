"""Nothing is uploaded that would not score."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

from kuzushiji_submit.competition.sample import read_sample_ids
from kuzushiji_submit.competition.submission import find_faults
from kuzushiji_submit.core.errors import CompetitionFileError, SubmissionError
from kuzushiji_submit.core.scratch import scratch_folder
from kuzushiji_submit.kaggle_client.client import Client
from kuzushiji_submit.kaggle_client.competition import advice_for

SAMPLE = "sample_submission.csv"


def check_submission(client: Client, competition: str, file: Path, sample: Path | None) -> None:
    """Validates a submission against the sample file given, or the one beside it, or Kaggle's own.

    Raises:
        SubmissionError: if Kaggle would refuse it or score it as zero.
        CompetitionFileError: if a file cannot be read.
        KaggleError: if the sample has to be fetched and cannot be.
    """
    if file.suffix.lower() != ".csv":
        raise SubmissionError(f"{file}: Kaggle takes CSV files: name a file that ends in .csv")
    beside = file.with_name(SAMPLE)
    if sample is None and beside.is_file():
        sample = beside
    faults = find_faults(file, read_sample_ids(sample) if sample else _fetch_sample_ids(client, competition))
    if faults:
        raise SubmissionError(
            f"{file}: nothing was uploaded: {len(faults)} faults, the first: {faults[0]} "
            "(`kuzushiji validate` lists all)"
        )


def _fetch_sample_ids(client: Client, competition: str) -> list[str]:
    what = f"fetching {SAMPLE}"
    with scratch_folder("sample") as folder:
        paths = client.call(
            list,
            "download_file",
            what,
            advice=advice_for(competition),
            competition=competition,
            name=SAMPLE,
            folder=str(folder),
        )
        try:
            return read_sample_ids(_unzipped(map(Path, paths), folder))
        except KeyError:
            raise CompetitionFileError(f"{what}: an archive without it came: name a sample with --sample") from None


def _unzipped(paths: Iterable[Path], folder: Path) -> Path:
    """The sample as a plain file: Kaggle sends large files zipped, and may call one by another name."""
    for path in paths:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return Path(archive.extract(SAMPLE, folder))
        path.replace(folder / SAMPLE)
    return folder / SAMPLE
