"""What a prediction run has done so far, one JSON line a page, so that a killed run goes on where it was.

```
{"journal": 3, "settings": {...}, "codepoints": ["U+3042", ...]}      what made the pages, and what class ids mean
{"image_id": "b_1", "size_hw": [900, 700], "boxes": [[...], ...], ...}
{"image_id": "b_2", ...
                        └─ a line that a kill cut short is dropped
```

A page is written once and read back when the submission is written: in memory there is only where each page lies.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.claims import claim
from kuzushiji_submit.core.errors import CharsetError, OutputError
from kuzushiji_submit.reading.page_reading import PageReading, to_decimals
from kuzushiji_submit.reading.view import View

VERSION = 3


def journal_path(submission: Path) -> Path:
    """Where the journal of a submission lies: "submission.csv" has "submission.journal.jsonl"."""
    return submission.with_suffix(".journal.jsonl")


def forget(submission: Path) -> None:
    """Deletes the journal of an unfinished run, if there is one.

    Raises:
        OutputError: if it cannot be deleted, or another process writes to it.
    """
    path = journal_path(submission)
    try:
        with _open_alone(path) if path.exists() else nullcontext():
            path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be removed ({error.strerror or error}): name another place") from error


class Journal(Mapping[str, PageReading]):
    """An append-only file of finished pages, headed by the settings that made them: image_id -> reading.

    Every page is on disk before the next is begun, and is read from there each time it is asked for. What is read is
    what was rounded for the file, so that a resumed run gives the same submission.
    """

    def __init__(self, path: Path, settings: dict[str, Any], charset: Charset, *, resume: bool) -> None:
        """Opens the journal of a new run, or goes on with an unfinished one.

        Args:
            path: the file.
            settings: all that a page's reading depends on, as JSON values.
            charset: what the class ids of the readings mean.
            resume: whether to go on with a run that is there.

        Raises:
            OutputError: if the file cannot be written, another process writes to it, it holds a run of other settings,
                or is there and not to be resumed.
        """
        self.path = path
        self.charset = charset
        self._places: dict[str, int] = {}
        header = {"journal": VERSION, "settings": settings, "codepoints": charset.codepoints}
        line = _line(header)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = _open_alone(path)
            try:
                self._begin(line, resume=resume)
            except BaseException:
                self._stream.close()
                raise
        except OSError as error:
            raise _cannot_write(path, error) from error

    def _begin(self, header: bytes, *, resume: bool) -> None:
        """Takes over the finished pages, or writes the header where there is none yet."""
        self._stream.seek(0)
        first = self._stream.readline()
        if not first.endswith(b"\n"):
            self._stream.truncate(0)
            self._append(header)
            return
        if not resume:
            raise OutputError(f"{self.path}: an unfinished run is there: add --resume to go on with it, or --restart")
        if first != header:
            raise OutputError(
                f"{self.path}: was begun with other settings, weights or another version: give the same, or --restart"
            )
        end = len(first)
        for place, reading in _whole_lines(self._stream, self.charset):
            self._places[reading.image_id] = place
            end = self._stream.tell()
        self._stream.truncate(end)

    def add(self, reading: PageReading) -> None:
        """Puts a finished page on disk.

        Raises:
            OutputError: if it cannot be written.
        """
        try:
            place = self._stream.seek(0, os.SEEK_END)
            self._append(_line(_to_plain(reading.rounded())))
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        self._places[reading.image_id] = place

    def _append(self, line: bytes) -> None:
        self._stream.write(line)
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def __getitem__(self, image_id: str) -> PageReading:
        """A finished page, read from the file.

        Raises:
            KeyError: if it is not finished.
            OutputError: if the file cannot be read any more.
        """
        place = self._places[image_id]
        try:
            self._stream.seek(place)
            return _from_plain(json.loads(self._stream.readline()), self.charset)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OutputError(f"{self.path}: was changed during the run ({error}): run again with --resume") from error

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def remove(self) -> None:
        """Deletes the file once its run is finished."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Closes the file and keeps it."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _open_alone(path: Path) -> BinaryIO:
    """Opens the file for this process alone: what two append goes into one another.

    Raises:
        OutputError: if another process has it.
    """
    while True:
        stream = path.open("a+b")
        try:
            claim(stream.fileno(), path)
            # Whoever had it may have removed it at its end while this process waited.
            if path.exists() and os.path.samestat(os.fstat(stream.fileno()), path.stat()):
                return stream
        except BaseException:
            stream.close()
            raise
        stream.close()


def finished_pages(path: Path) -> Iterator[PageReading]:
    """The finished pages of a journal of any settings, one by one; none where its version is another.

    Raises:
        OutputError: if the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            try:
                header = json.loads(stream.readline())
                charset = Charset(tuple(header["codepoints"]))
            except (ValueError, KeyError, TypeError, CharsetError):
                return
            for _, reading in _whole_lines(stream, charset):
                yield reading
    except OSError as error:
        raise OutputError(f"{path}: cannot be read ({error.strerror or error}): check the path") from error


def _whole_lines(stream: BinaryIO, charset: Charset) -> Iterator[tuple[int, PageReading]]:
    """The pages from here to the first line that is none, each with the byte its line begins at."""
    while True:
        place = stream.tell()
        line = stream.readline()
        try:
            reading = _from_plain(json.loads(line), charset)
        except (ValueError, KeyError, TypeError):
            return
        if not line.endswith(b"\n"):
            return
        yield place, reading


_ARRAYS: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "boxes": (np.float32, (-1, 4)),
    "points": (np.float32, (-1, 2)),
    "detection_scores": (np.float32, (-1,)),
    "class_ids": (np.int64, (-1,)),
    "scores": (np.float64, (-1,)),
    "order": (np.intp, (-1,)),
}


def _line(values: Mapping[str, Any]) -> bytes:
    # Names of files may hold bytes that are no text: as \udc83 and the like JSON reads them back.
    return json.dumps(values, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _to_plain(reading: PageReading) -> dict[str, Any]:
    """A reading as JSON values; embeddings, which serve the steps of a run and no file, are left out."""
    arrays = {name: to_decimals(getattr(reading, name)) for name in (*_ARRAYS, "top_ids", "top_scores")}
    sizes = {"size_hw": reading.size_hw, "alternatives": reading.top_ids.shape[1]}
    plain: dict[str, Any] = {"image_id": reading.image_id, **sizes, **arrays}
    if reading.ink_shares is not None:
        plain["ink_shares"] = to_decimals(reading.ink_shares)
    if reading.eye_ids is not None and reading.eye_scores is not None:
        plain["eye_alternatives"] = reading.eye_ids.shape[1]
        plain |= {"eye_ids": to_decimals(reading.eye_ids), "eye_scores": to_decimals(reading.eye_scores)}
    if not reading.view.is_plain:
        plain["view"] = [reading.view.turned, reading.view.negative]
    if reading.notes:
        plain["notes"] = reading.notes
    return plain


def _from_plain(plain: dict[str, Any], charset: Charset) -> PageReading:
    """The reading of a line.

    Raises:
        ValueError, KeyError, TypeError: if it is none, or of another charset.
    """
    height, width = plain["size_hw"]
    arrays = {name: np.array(plain[name], kind).reshape(shape) for name, (kind, shape) in _ARRAYS.items()}
    count = len(arrays["boxes"])
    top_ids, top_scores = _table(plain, "top", (count, int(plain["alternatives"])))
    eye_ids, eye_scores = None, None
    if "eye_ids" in plain:
        eye_ids, eye_scores = _table(plain, "eye", (count, int(plain["eye_alternatives"])))
    for class_ids in (top_ids, arrays["class_ids"], eye_ids):
        if class_ids is not None and class_ids.size and not 0 <= class_ids.min() <= class_ids.max() < len(charset):
            raise ValueError("a class id that the charset lacks")
    return PageReading(
        str(plain["image_id"]),
        (int(height), int(width)),
        charset,
        top_ids=top_ids,
        top_scores=top_scores,
        ink_shares=np.array(plain["ink_shares"], np.float32) if "ink_shares" in plain else None,
        eye_ids=eye_ids,
        eye_scores=eye_scores,
        view=View(*plain.get("view", ())),
        notes=tuple(plain.get("notes", ())),
        evidence=None,
        **arrays,
    )


def _table(plain: dict[str, Any], name: str, shape: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Class ids and scores of several readings a character."""
    ids, scores = plain[f"{name}_ids"], plain[f"{name}_scores"]
    return np.array(ids, np.int64).reshape(shape), np.array(scores, np.float32).reshape(shape)


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written ({error.strerror or error}): free space or name another place")
