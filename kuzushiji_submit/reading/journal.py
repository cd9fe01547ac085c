"""What a prediction run has done so far, one JSON line a page, so that a killed run goes on where it was."""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kuzushiji_submit.core.errors import CharsetError, OutputError
from kuzushiji_submit.reading.characters import PageCharacters, from_record, to_record


def journal_path(submission: Path) -> Path:
    """Where the journal of a submission lies: "submission.csv" has "submission.journal.jsonl"."""
    return submission.with_suffix(".journal.jsonl")


def forget(submission: Path) -> None:
    """Deletes the journal of an unfinished run, if there is one.

    Raises:
        OutputError: if it cannot be deleted.
    """
    path = journal_path(submission)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be removed ({error.strerror or error}): name another place") from error


class Journal:
    """An append-only file of finished pages, headed by the settings that made them.

    Every page is on disk before the next is begun; a line that a kill cut short is dropped when the file is read.
    """

    def __init__(self, path: Path, settings: dict[str, Any], *, resume: bool) -> None:
        """Opens the journal of a new run, or goes on with an unfinished one.

        Raises:
            OutputError: if the file cannot be written, holds a run of other settings, or is there and not to be
                resumed.
        """
        self.path = path
        self.pages: dict[str, PageCharacters] = {}
        header = json.dumps({"journal": 1, "settings": settings}, ensure_ascii=False)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
            if "\n" in text:
                kept = self._replay(text, header, resume=resume)
                with path.open("r+b") as stream:
                    stream.truncate(kept)
            else:
                path.write_text(header + "\n", encoding="utf-8")
            self._stream = path.open("ab")
        except OSError as error:
            raise _cannot_write(path, error) from error

    def _replay(self, text: str, header: str, *, resume: bool) -> int:
        """Takes over the finished pages; gives how many bytes of the file are whole lines of them."""
        first, _, rest = text.partition("\n")
        if not resume:
            raise OutputError(f"{self.path}: an unfinished run is there: add --resume to go on with it, or --restart")
        if first != header:
            raise OutputError(f"{self.path}: was begun with other settings or weights: give the same, or --restart")
        kept = len(first.encode()) + 1
        for line in rest.splitlines(keepends=True):
            try:
                page = _parse(json.loads(line))
            except (ValueError, KeyError, TypeError, CharsetError):
                break
            if not line.endswith("\n"):
                break
            self.pages[page.image_id] = page
            kept += len(line.encode())
        return kept

    def add(self, page: PageCharacters) -> None:
        """Puts a finished page on disk.

        Raises:
            OutputError: if it cannot be written.
        """
        characters = [to_record(page.image_id, character) for character in page.characters]
        record = {"image_id": page.image_id, "characters": characters}
        # What was rounded for the file is taken back from it, so that a resumed run gives the same submission.
        self.pages[page.image_id] = _parse(record)
        line = json.dumps(record, ensure_ascii=False)
        try:
            self._stream.write(line.encode() + b"\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise _cannot_write(self.path, error) from error

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


def _parse(record: dict[str, Any]) -> PageCharacters:
    return PageCharacters(str(record["image_id"]), tuple(from_record(one)[1] for one in record["characters"]))


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written ({error.strerror or error}): free space or name another place")
