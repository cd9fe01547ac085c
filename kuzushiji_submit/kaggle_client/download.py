"""The competition's files: one archive, fetched in as many pieces as the network makes of it, and unpacked."""

import json
import logging
import shutil
import zipfile
from pathlib import Path
from typing import Any

from kuzushiji_submit.core.errors import CompetitionFileError, KaggleNotFoundError, OutputError
from kuzushiji_submit.core.files import atomic_text
from kuzushiji_submit.kaggle_client.client import Client
from kuzushiji_submit.kaggle_client.competition import advice_for
from kuzushiji_submit.kaggle_client.unpack import set_aside, unpack
from kuzushiji_submit.kaggle_client.waiting import keep_trying

RECORD = ".kaggle-download.json"  # in the data folder: what was downloaded into it

Listing = list[dict[str, Any]]

logger = logging.getLogger(__name__)


class Download:
    """A competition on its way into a data folder; every step can be repeated.

    Attributes:
        folder: the data folder.
        archive: the competition's archive in it, where the kaggle client puts it too.
        sizes: bytes of every unpacked file, by its path below the folder; empty before `run`.
    """

    def __init__(self, client: Client, competition: str, folder: Path) -> None:
        self.folder = folder
        self.archive = folder / f"{competition}.zip"
        self.sizes: dict[str, int] = {}
        self._client = client
        self._competition = competition
        self._marker = folder / f"{competition}.zip.kaggle-partial"  # the client's, beside what it has not finished
        self._listing: Listing = []

    def run(self) -> None:
        """Fetches and unpacks what is not there yet.

        Raises:
            KaggleError: if Kaggle does not give it.
            OutputError: if there is no space or no right to write.
            CompetitionFileError: if what came is damaged or incomplete.
        """
        _make(self.folder)
        self._listing = self._client.call(
            list,
            "list_files",
            f"listing the files of {self._competition}",
            advice=advice_for(self._competition),
            competition=self._competition,
        )
        if not self._listing:
            raise KaggleNotFoundError(f"{self._competition}: Kaggle lists no file of it: check --competition")
        if self._is_complete():
            logger.info("%s: everything is there already", self.folder)
            return
        if self.archive.exists() and not self._marker.exists() and not self._covers_listing():
            set_aside(self.archive)
        if not self.archive.exists() or self._marker.exists():
            self._check_space()
            self._fetch()
        self.sizes = unpack(self.archive, self.folder)
        missing = [name for name in map(_name, self._listing) if not self._has(name)]
        if missing:
            raise CompetitionFileError(
                f"{self.archive}: lacks {missing[0]} ({len(missing)} such), which Kaggle lists: delete it and run the "
                "same command again"
            )

    def finish(self) -> None:
        """Remembers that everything is there, and removes the archive.

        Raises:
            OutputError: if the folder cannot be written.
        """
        with atomic_text(self.folder / RECORD) as stream:
            json.dump({"listing": self._listing, "sizes": self.sizes}, stream, ensure_ascii=False)
        self.archive.unlink(missing_ok=True)

    def _is_complete(self) -> bool:
        try:
            record = json.loads((self.folder / RECORD).read_text(encoding="utf-8"))
            self.sizes = dict(record["sizes"])
            known = record["listing"] == self._listing
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return known and all(_size(self.folder / name) == size for name, size in self.sizes.items())

    def _covers_listing(self) -> bool:
        """True if the archive that lies there, from another download, holds every file that Kaggle lists."""
        try:
            with zipfile.ZipFile(self.archive) as archive:
                return set(archive.namelist()) >= set(map(_name, self._listing))
        except (zipfile.BadZipFile, OSError):
            return False

    def _has(self, name: str) -> bool:
        """True for a file that was unpacked, and for an archive whose folder was."""
        stem = name.removesuffix(".zip")
        return name in self.sizes or (stem != name and any(path.startswith(f"{stem}/") for path in self.sizes))

    def _check_space(self) -> None:
        """The archive and its unpacked files lie side by side until all is verified.

        What is compressed in the archive is JPEG, so both are as large as the listing says.
        """
        total = sum(int(entry.get("totalBytes") or 0) for entry in self._listing)
        fetched = _size(self.archive) or 0
        unpacked = sum(_size(path) or 0 for path in self.folder.rglob("*")) - fetched
        needed = max(total - fetched, 0) + max(total - unpacked, 0)
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise OutputError(
                f"{self.folder}: {_gigabytes(needed)} are needed for the archive and its unpacked files, "
                f"{_gigabytes(free)} are free: free space or name another place"
            )

    def _fetch(self) -> None:
        keep_trying(self._fetch_once, progress=lambda: _size(self.archive) or 0)
        if not self.archive.is_file():
            raise CompetitionFileError(f"{self.folder}: the kaggle client left no {self.archive.name}: run it again")
        self._marker.unlink(missing_ok=True)

    def _fetch_once(self) -> None:
        self._client.call(
            bool,
            "download_archive",
            f"downloading {self._competition}",
            advice=advice_for(self._competition),
            limit=None,
            competition=self._competition,
            folder=str(self.folder),
        )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror}): name another place") from error


def _name(entry: dict[str, Any]) -> str:
    return str(entry["name"])


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB"
