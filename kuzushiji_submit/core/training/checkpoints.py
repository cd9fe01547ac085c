"""Checkpoints that are whole or not there: written beside their place, refused where damaged."""

import io
import logging
import pickle
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.files import atomic_binary, naming_full_disk, replacing

logger = logging.getLogger(__name__)

FOLDER, BEST, LAST = "checkpoints", "best.ckpt", "last.ckpt"
EVERY_EPOCH = "epoch-{epoch:03d}"
AGAIN = "run again with --resume"
_DAMAGE = (OSError, RuntimeError, ValueError, KeyError, IndexError, EOFError, AttributeError, TypeError)
"""What torch raises on files that are cut short, empty, or something else."""


class WholeCheckpoints(TorchCheckpointIO):
    """How Lightning writes and reads the checkpoints of a run."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: object = None) -> None:  # noqa: ARG002 - Lightning's
        """Writes a checkpoint; its place holds the old one or the new one at every moment, also after a power cut.

        Raises:
            OutputError: if it cannot be written; where the disk is full it names the place and the room it needs.
        """
        # In memory first: torch squeezes what the disk says into an error of its own, without a number.
        content = io.BytesIO()
        torch.save(checkpoint, content)
        path = Path(path)
        with naming_full_disk(path, content.tell(), AGAIN), atomic_binary(path, durable=True) as stream:
            stream.write(content.getbuffer())

    def load_checkpoint(self, path: str | Path, *args: object, **kwargs: object) -> dict[str, Any]:  # noqa: ARG002 - Lightning's
        """Reads a checkpoint onto the CPU.

        Raises:
            TrainingError: if it is missing, damaged, or no checkpoint of a training run.
        """
        return load_checkpoint(Path(path))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint, on the CPU; nothing in it is ever run.

    Raises:
        TrainingError: if it is missing, damaged, or no checkpoint of a training run.
    """
    try:
        # torch's own words would advise to load the file without this protection.
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise TrainingError(f"{path}: no such checkpoint: check the path") from None
    except (*_DAMAGE, pickle.UnpicklingError):
        raise TrainingError(
            f"{path}: damaged, or no checkpoint of a training run: take another one, or start another run"
        ) from None
    if not (isinstance(checkpoint, dict) and {"state_dict", "loops", "epoch"} <= checkpoint.keys()):
        raise TrainingError(f"{path}: no checkpoint of a training run: take another one, or start another run")
    return checkpoint


def first_whole(paths: Iterable[Path]) -> Path | None:
    """The first of the files that is a whole checkpoint, if any."""
    for path in paths:
        try:
            load_checkpoint(path)
        except TrainingError:
            continue
        return path
    return None


def checkpoint_to_resume(folder: Path) -> Path | None:
    """last.ckpt; where it is damaged the newest whole checkpoint takes its place, which is said in the log.

    Args:
        folder: the run's checkpoints.

    Returns:
        the path of last.ckpt; None where no epoch of a run was ever finished.

    Raises:
        TrainingError: if there are checkpoints, and none is whole.
        OutputError: if the disk is full.
    """
    last = folder / LAST
    found = sorted(folder.glob("*.ckpt"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    if not found:
        return None
    others = [path for path in found if path != last]
    whole = first_whole([last, *others])
    if whole is None:
        raise TrainingError(
            f"{folder}: every checkpoint is damaged ({', '.join(sorted(path.name for path in found))}): start another "
            "run in another folder"
        )
    if whole != last:
        logger.warning(
            "%s: %s: going on from the newest whole checkpoint, %s",
            last,
            "damaged" if last.exists() else "missing",
            whole.name,
        )
        with naming_full_disk(last, whole.stat().st_size, AGAIN), replacing(last) as temporary:
            shutil.copyfile(whole, temporary)
    return last
