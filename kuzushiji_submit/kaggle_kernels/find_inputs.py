"""Finds things among a session's inputs, however Kaggle mounts them.

Over the years a competition has lain at /kaggle/input/SLUG and at /kaggle/input/competitions/SLUG, a data set at
/kaggle/input/SLUG and at /kaggle/input/datasets/OWNER/SLUG, another kernel's output at /kaggle/input/SLUG and at
/kaggle/input/notebooks/OWNER/SLUG. So things are known by what they hold.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.kaggle_client.competition import COMPETITION
from kuzushiji_submit.kaggle_kernels.outputs import RUN_RECORD

SAMPLE = "sample_submission.csv"
_DEPTH = 6  # folders below the input folder in which things are looked for
_HASHED_BYTES = 1 << 20


def find_competition(inputs: Path) -> Path:
    """The folder that holds the competition's sample_submission.csv and its pages, each plain or zipped.

    Raises:
        KernelError: if there is none.
    """
    found = [folder for folder, names in _folders(inputs) if _is_competition(names)]
    if not found:
        there = ", ".join(sorted(path.name for path in inputs.iterdir())) if inputs.is_dir() else "no such folder"
        raise KernelError(
            f"{inputs}: no folder there holds {SAMPLE} and test_images ({there or 'it is empty'}): add the competition "
            f"{COMPETITION} to the kernel's inputs, and accept its rules on its page"
        )
    return min(found, key=lambda folder: (COMPETITION not in folder.parts, len(folder.parts), folder))


def find_files(inputs: Path, name: str, given: Sequence[str] = (), *, without: Path | None = None) -> tuple[Path, ...]:
    """All files of a name among the inputs, those of the same content once, the nearer first.

    Args:
        inputs: the input folder.
        name: the files' name, such as "recognizer.safetensors".
        given: paths below the input folder of the files to take instead of all.
        without: a folder that is not looked into, such as the output of the run that is gone on with.

    Raises:
        KernelError: if a given file is not there.
    """
    for name_of_file in given:
        if not (inputs / name_of_file).is_file():
            raise KernelError(f"{inputs / name_of_file}: no such file: correct the path in the kernel's settings")
    if given:
        return tuple(inputs / path for path in given)
    found = sorted(
        (folder / name for folder, names in _folders(inputs) if name in names and folder != without),
        key=lambda path: (len(path.parts), path),
    )
    return distinct(found)


def distinct(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The first file of each content."""
    by_content: dict[str, Path] = {}
    for path in paths:
        by_content.setdefault(_fingerprint(path), path)
    return tuple(by_content.values())


def is_output(folder: Path) -> bool:
    """Whether a folder is the output of a kernel of this project, and no data set."""
    return (folder / RUN_RECORD).is_file()


def find_earlier_run(inputs: Path, kernel: str) -> tuple[Path, dict[str, Any]] | None:
    """The output of the newest earlier run of a kernel among the inputs, and its record; None if there is none.

    Args:
        inputs: the input folder.
        kernel: the kernel's name, such as "train" or "train-fold-1".
    """
    found = []
    for folder, names in _folders(inputs):
        record = read_record(folder) if RUN_RECORD in names else None
        if record is not None and record.get("kernel") == kernel:
            found.append((str(record.get("written", "")), folder, record))
    if not found:
        return None
    _, folder, record = max(found, key=lambda one: one[:2])
    return folder, record


def read_record(folder: Path) -> dict[str, Any] | None:
    """The record of a run in a folder, or None if there is none that can be read."""
    try:
        record = json.loads((folder / RUN_RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def _is_competition(names: set[str]) -> bool:
    pages = {"test_images", "test_images.zip"} & names
    return bool(pages) and bool({SAMPLE, f"{SAMPLE}.zip"} & names)


def _folders(root: Path) -> Iterator[tuple[Path, set[str]]]:
    """Folders below `root` with the names in them, the nearer first.

    Folders of page images are not entered, nor those in a kernel's output: what counts lies at its top.
    """
    level = [root]
    for _ in range(_DEPTH):
        below: list[Path] = []
        for folder in sorted(level):
            try:
                entries = list(os.scandir(folder))
            except OSError:
                continue
            names = {entry.name for entry in entries}
            yield folder, names
            if RUN_RECORD not in names:
                below += [Path(entry) for entry in entries if entry.is_dir() and not entry.name.endswith("_images")]
        level = below


def _fingerprint(path: Path) -> str:
    """Of size and beginning: two files with the same name, size and first megabyte are taken for copies."""
    with path.open("rb") as stream:
        return f"{path.stat().st_size}-{hashlib.sha256(stream.read(_HASHED_BYTES)).hexdigest()}"
