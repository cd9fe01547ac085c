"""What a weights file says about itself. Reading it needs no torch.

A weights file is a safetensors file whose header holds one entry, `kuzushiji`, with this record as JSON:

    +--------+----------------------------------------+---------------------------+
    | length | header: names, shapes, places of the   | the numbers               |
    | 8 B    | tensors, and {"kuzushiji": "{record}"} |                           |
    +--------+----------------------------------------+---------------------------+
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import CharsetError, ConfigError, WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.presets import ARCHITECTURE
from kuzushiji_submit.core.registry import config_from_plain
from kuzushiji_submit.core.settings import from_plain, to_plain

FORMAT_NAME = "kuzushiji"
FORMAT_VERSION = 2
OLD_FORMATS = ("kuzushiji-recognizer", "kuzushiji-detector")
"""Header entries of files of version 1, which had a format for each kind of network."""
CONVERSION = "scripts/convert_weights.py"

_POINTER = b"version https://git-lfs.github.com/spec/"
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Provenance:
    """Where weights come from. Text that is not known is empty.

    Attributes:
        training_data: what the network saw, with names and versions.
        license: the license the weights are under, as its SPDX name where there is one.
        attribution: the words the license asks for.
        split: how training and validation books were told apart.
        seed: the seed of the training run.
        scores: measured figures as (name, value), such as ("val/top1", 0.93).
        date: the day of the export, ISO 8601.
        notes: anything else.
    """

    training_data: str = ""
    license: str = ""
    attribution: str = ""
    split: str = ""
    seed: int = 0
    scores: tuple[tuple[str, float], ...] = ()
    date: str = ""
    notes: str = ""


@contextmanager
def settings_of(where: str) -> Iterator[None]:
    """Around what reads the settings in a record: those that this version does not know are the file's fault.

    Args:
        where: the file, for messages.

    Raises:
        WeightsError: in the place of a ConfigError.
    """
    try:
        yield
    except ConfigError as error:
        raise WeightsError(f"{where}: {error}: use a file that this version of the program exported") from error


@dataclass(frozen=True)
class WeightsRecord:
    """Everything that a use of weights needs beside the numbers.

    Attributes:
        kind: what the network does: "detector", "recognizer", ...
        architecture: its name among the registered networks of its kind.
        settings: its shape, as JSON values; `core.weights.load_network` reads them.
        charset: the characters it says, in class order; None where it says none.
        ink: how the ink was made that it was trained on; None for a network that is not shown the ink.
        preprocessing: how its input is made, as JSON values that its kind understands.
        calibration: how its scores are to be taken, as JSON values that its kind understands.
        provenance: where the weights come from, and their license.
    """

    kind: str
    architecture: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    charset: Charset | None = None
    ink: InkConfig | None = None
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)

    def require_kind(self, kind: str, where: str) -> None:
        """Refuses the weights of another kind of network.

        Args:
            kind: the kind that is wanted.
            where: the file, for messages.

        Raises:
            WeightsError: if they are of another kind.
        """
        if self.kind != kind:
            raise WeightsError(f"{where}: weights of a {self.kind} ({self.architecture}): name those of a {kind}")

    def require_charset(self, where: str) -> Charset:
        """The characters that the network says.

        Args:
            where: the file, for messages.

        Raises:
            WeightsError: if it names none.
        """
        if self.charset is None:
            raise WeightsError(f"{where}: weights of a {self.kind} without its charset: export them again")
        return self.charset

    def network_config(self) -> Any:  # noqa: ANN401 - torch is not loaded
        """The settings of the network, as its kind has registered them.

        Raises:
            ConfigError: if the network is unknown, or its settings are not right.
        """
        return config_from_plain(self.kind, {**self.settings, ARCHITECTURE: self.architecture})

    def to_text(self) -> str:
        """As JSON, with the format's version; the charset as its codepoints and their fingerprint."""
        plain = to_plain(_Stored(**{**vars(self), "charset": _store_charset(self.charset)}))
        return json.dumps({"format_version": FORMAT_VERSION, **plain})

    @classmethod
    def from_text(cls, text: str, where: str) -> "WeightsRecord":
        """Reads what `to_text` wrote.

        Args:
            text: the JSON.
            where: the file it stands in, for messages.

        Raises:
            WeightsError: if it cannot be understood: a key is missing, unknown or of the wrong type, the format is
                newer than this program, or the charset does not have the fingerprint it says.
        """
        try:
            plain = json.loads(text)
            if not isinstance(plain, dict) or not isinstance(version := plain.pop("format_version", None), int):
                raise ConfigError(f"{where}: its record says no format version")
            if version > FORMAT_VERSION:
                raise ConfigError(f"{where}: written in format {version}, this program reads up to {FORMAT_VERSION}")
            stored = from_plain(_Stored, plain, where)
            return cls(**{**vars(stored), "charset": stored.charset and stored.charset.restore()})
        except (ConfigError, CharsetError, json.JSONDecodeError) as error:
            message = str(error) if str(error).startswith(where) else f"{where}: {error}"
            raise WeightsError(f"{message}: use a file that this version of the program exported") from error


@dataclass(frozen=True)
class _StoredCharset:
    codepoints: tuple[str, ...]
    fingerprint: str

    def restore(self) -> Charset:
        charset = Charset(self.codepoints)
        if not self.codepoints:
            raise CharsetError("its charset is empty")
        if charset.fingerprint != self.fingerprint:
            raise CharsetError(
                f"its charset of {len(charset)} characters has the fingerprint {charset.fingerprint}, the file says "
                f"{self.fingerprint}: the class order is not the one the network was trained with"
            )
        return charset


@dataclass(frozen=True)
class _Stored:
    """A `WeightsRecord` as it is written: nothing may be left out."""

    kind: str
    architecture: str
    settings: Mapping[str, Any]
    charset: _StoredCharset | None
    ink: InkConfig | None
    preprocessing: Mapping[str, Any]
    calibration: Mapping[str, Any]
    provenance: Provenance


def _store_charset(charset: Charset | None) -> _StoredCharset | None:
    return None if charset is None else _StoredCharset(charset.codepoints, charset.fingerprint)


def read_record(path: Path) -> WeightsRecord:
    """What a weights file says about itself.

    Raises:
        WeightsError: if the file is missing, damaged, of the old or of a newer format, or is no weights file.
    """
    return parse_header(path, read_header(path))


def read_header(path: Path) -> dict[str, str]:
    """The entries in the header of a safetensors file.

    Raises:
        WeightsError: if the file is missing, not fetched, cut short, or no safetensors file.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such weights file: train one (kuzushiji train), or name another")
    try:
        with path.open("rb") as stream:
            start = stream.read(len(_POINTER))
        if start == _POINTER:
            raise WeightsError(f"{path}: a Git LFS pointer, not the weights themselves: fetch them with git lfs pull")
        if start.startswith(_ZIP):
            raise WeightsError(
                f"{path}: no safetensors file but an archive, as PyTorch's checkpoints are: name weights"
            )
        with safe_open(path, framework="np") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path}: not a whole safetensors file ({error}): copy it again") from error


def parse_header(path: Path, header: Mapping[str, str]) -> WeightsRecord:
    """The record in the header of a weights file.

    Raises:
        WeightsError: if the header is of the old format, has no record, or one that cannot be understood.
    """
    if FORMAT_NAME in header:
        return WeightsRecord.from_text(header[FORMAT_NAME], str(path))
    if any(name in header for name in OLD_FORMATS):
        raise WeightsError(f"{path}: weights of the format before this one: convert them with {CONVERSION}")
    raise WeightsError(
        f"{path}: no weights of this program: its header lacks the entry {FORMAT_NAME}: name another file"
    )
