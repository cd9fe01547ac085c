"""What readers of crops mistake for what: read once, kept in a folder, and gone on with after an interruption.

confusions/
  confusions.json      which weights read which crops, in digits
  part-0000.npz        truth, candidates and logits of the first thousand crops
  part-0001.npz ...
"""

import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import ConfigError, TrainingError
from kuzushiji_submit.core.files import atomic_binary
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.same_ink import require_trained_ink
from kuzushiji_submit.core.progress import counter
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.core.training.data_fingerprint import fingerprint
from kuzushiji_submit.core.training.run_folder import write_json
from recognition.crops import CropConfig, Crops
from recognition.training.column_config import ConfusionConfig
from recognition.training.sources import CropData

DESCRIPTION = "confusions.json"
PART = 1000
"""Crops of a file: what an interruption may cost."""
_BATCH = 250


class CropReader(Protocol):
    """What reads the crops: a recognizer, or several as one."""

    @property
    def charset(self) -> Charset:
        """The characters in class order."""
        ...

    @property
    def crop_config(self) -> CropConfig:
        """How the crops must be cut."""
        ...

    @property
    def ink(self) -> InkConfig:
        """The ink they must be cut from."""
        ...

    def logits(self, crops: Crops) -> NDArray[np.float32]:
        """float32 (N, C), or (N, C + 1) with "not a character" last."""
        ...


@dataclass(frozen=True, eq=False)
class Confusions:
    """What readers say of crops whose characters are known.

    Attributes:
        truth: int64 (M,), the class of each crop.
        ids: int64 (M, K), the best candidates, the best first; the truth may not be among them.
        logs: float32 (M, K), the logarithms of their scores.
    """

    truth: NDArray[np.int64]
    ids: NDArray[np.int64]
    logs: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def fingerprint(self) -> str:
        """A few digits that tell them from others."""
        return fingerprint([self.truth, self.ids, np.round(self.logs, 3)])

    @classmethod
    def concatenate(cls, parts: Sequence["Confusions"]) -> "Confusions":
        """Several as one, in their order."""
        return cls(
            np.concatenate([part.truth for part in parts]),
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.logs for part in parts]),
        )


def read_confusions(
    folder: Path,
    stores: Sequence[CropData],
    reader: CropReader,
    reader_name: str,
    config: ConfusionConfig,
    seed: int = 0,
    *,
    shown: bool = True,
) -> Confusions:
    """Reads crops that are spread over the classes, or takes what was read of them before.

    Args:
        folder: where what is read is kept, a thousand crops a file.
        stores: the crops; those that hold no character, or one that the reader does not know, are left out.
        reader: reads them.
        reader_name: tells this reader from others, such as the digests of its weights.
        config: which crops, and how much is kept of what is said.
        seed: of their choice.
        shown: whether progress is.

    Raises:
        TrainingError: if there is no crop with a character, or the folder holds confusions of another reader, of other
            crops or under other settings.
        ConfigError: if crops were cut otherwise than the reader needs them.
        WeightsError: if they were cut from another ink.
        OutputError: if the folder cannot be written.
    """
    for store in stores:
        _check_cut(store, reader)
    truth = np.concatenate([np.zeros(0, np.int64), *(_class_ids(store, reader.charset) for store in stores)])
    places = choose_crops(truth, config, seed)
    if not len(places):
        raise TrainingError("no crop holds a character that the recognizer knows: name other --crops")
    identity = _identity(stores, truth, places, reader, reader_name, config)
    _claim(folder, identity)
    chunks = [places[start : start + PART] for start in range(0, len(places), PART)]
    parts = {number: part for number in range(len(chunks)) if (part := _load(folder, number)) is not None}
    if len(parts) < len(chunks):
        done = sum(map(len, parts.values()))
        with counter("read crops" if shown else None, len(places), initial=done, unit="crop") as bar:
            for number in sorted(set(range(len(chunks))) - set(parts)):
                read = [_read(stores, batch, truth, reader, config) for batch in _batches(chunks[number], bar)]
                parts[number] = Confusions.concatenate(read)
                _save(folder, number, parts[number])
    return Confusions.concatenate([parts[number] for number in range(len(chunks))])


def choose_crops(truth: NDArray[np.int64], config: ConfusionConfig, seed: int) -> NDArray[np.int64]:
    """Ascending places of the crops to read: those of rare classes more often than by chance.

    Args:
        truth: int64 (N,), the class of each crop, -1 for none.
        config: how many, and how much more often.
        seed: of the choice.
    """
    known = np.flatnonzero(truth >= 0)
    if len(known) <= config.crops:
        return known
    chances = np.bincount(truth[known])[truth[known]].astype(np.float64) ** -config.power
    # The greatest of random keys u ** (1 / chance) are a draw without replacement (Efraimidis and Spirakis 2006).
    keys = np.log(np.random.default_rng([seed, 2]).random(len(known))) / chances
    return np.sort(known[np.argpartition(-keys, config.crops)[: config.crops]])


def _check_cut(store: CropData, reader: CropReader) -> None:
    if store.crop_config != reader.crop_config:
        raise ConfigError(
            f"--crops: cut with {store.crop_config}, the recognizer needs {reader.crop_config}: name crops that were "
            "cut for it"
        )
    require_trained_ink(store.ink, reader.ink, "the ink of --crops")


def _class_ids(store: CropData, charset: Charset) -> NDArray[np.int64]:
    """int64 (N,): the class of each crop in a charset, -1 for none."""
    classes = np.array([*charset.class_ids(store.charset.codepoints), -1], np.int64)
    return classes[store.class_ids]  # NO_CHARACTER is -1, the last of them


def _identity(
    stores: Sequence[CropData],
    truth: NDArray[np.int64],
    places: NDArray[np.int64],
    reader: CropReader,
    reader_name: str,
    config: ConfusionConfig,
) -> dict[str, Any]:
    """What a folder must have in common with a run that goes on with it."""
    sizes = [len(store.class_ids) for store in stores]
    return {
        "reader": fingerprint([reader_name, reader.charset.fingerprint]),
        "crops": fingerprint([json.dumps(sizes), truth, places]),
        "settings": to_plain(config),
    }


def _claim(folder: Path, identity: dict[str, Any]) -> None:
    path = folder / DESCRIPTION
    if path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            differing = [key for key in identity if found.get(key) != identity[key]]
        except (OSError, ValueError, AttributeError) as error:
            raise TrainingError(f"{path}: cannot be read ({error!r}): remove {folder}") from error
        if differing:
            raise TrainingError(
                f"{folder}: holds confusions with other {', '.join(differing)}: take the same --recognizer-weights and "
                "--crops, or remove the folder to read them again"
            )
    else:
        write_json(path, identity)


def _batches(places: NDArray[np.int64], bar: Any) -> Iterator[NDArray[np.int64]]:  # noqa: ANN401 - tqdm's
    for start in range(0, len(places), _BATCH):
        batch = places[start : start + _BATCH]
        yield batch
        bar.update(len(batch))


def _read(
    stores: Sequence[CropData],
    places: NDArray[np.int64],
    truth: NDArray[np.int64],
    reader: CropReader,
    config: ConfusionConfig,
) -> Confusions:
    starts = np.cumsum([0, *(len(store.class_ids) for store in stores)])
    logits = []
    for store, start, end in zip(stores, starts[:-1], starts[1:], strict=True):
        own = places[(places >= start) & (places < end)] - start  # ascending, so that parts follow each other
        if len(own):
            logits.append(reader.logits(store.read(own)))
    # What "not a character" takes, the characters lack.
    logs = torch.from_numpy(np.concatenate(logits)).log_softmax(dim=1)[:, : len(reader.charset)]
    best = logs.topk(min(config.candidates, logs.shape[1]), dim=1)
    return Confusions(truth[places], best.indices.numpy(), best.values.numpy())


def _path(folder: Path, number: int) -> Path:
    return folder / f"part-{number:04d}.npz"


def _save(folder: Path, number: int, part: Confusions) -> None:
    with atomic_binary(_path(folder, number), durable=True) as stream:
        np.savez_compressed(stream, truth=part.truth, ids=part.ids, logs=part.logs)


def _load(folder: Path, number: int) -> Confusions | None:
    """A part that was read before; None where it is missing or damaged, and has to be read again."""
    try:
        # Opened here: the library leaves damaged files open.
        with _path(folder, number).open("rb") as stream, np.load(stream) as arrays:
            return Confusions(arrays["truth"], arrays["ids"], arrays["logs"])
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
