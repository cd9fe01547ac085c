"""The folder of a training run: what it was told, what it saw, where it may go on."""

import json
import logging
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kuzushiji_submit.core.errors import TrainingError
from kuzushiji_submit.core.files import atomic_text, sha256_of
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.core.training.checkpoints import FOLDER, checkpoint_to_resume
from kuzushiji_submit.core.training.config import TrainingConfig
from kuzushiji_submit.core.training.runs import RUN_FILE

logger = logging.getLogger(__name__)

FORMAT = 2
"""Of config.json and the checkpoints; runs of another number cannot be resumed."""
INITIAL = "initial_weights"
"""What the run started from: its path among the settings, and what the file held beside them."""
_MAY_CHANGE = {"config", "versions", INITIAL}


def claim_folder(out_dir: Path, config: TrainingConfig, described: Mapping[str, Any], *, resume: bool) -> Path | None:
    """Writes config.json: the resolved settings, what the data was, and the versions of what trains.

    Args:
        out_dir: the folder of the run.
        config: the run; when it is resumed, `runtime` alone may change, and the place of the initial weights.
        described: whatever else a resumed run must have in common with its first part.
        resume: whether a run that is there goes on.

    Returns:
        the checkpoint to go on from; None at the beginning.

    Raises:
        TrainingError: if the folder holds a run and `resume` is not set, the run to be resumed had other settings or
            data or belongs to an earlier version, or none of its checkpoints is whole.
    """
    described = {
        "format": FORMAT,
        **described,
        "config": to_plain(config),
        "versions": {name: version(name) for name in ("torch", "pytorch-lightning", "numpy")},
        INITIAL: _digest(config.initial_weights),
    }
    checkpoint = None
    if any((out_dir / FOLDER).glob("*.ckpt")):
        if not resume:
            raise TrainingError(f"{out_dir} holds a run: resume it (--resume), or choose another folder")
        _check_same_run(out_dir / RUN_FILE, described)
        checkpoint = checkpoint_to_resume(out_dir / FOLDER)
    elif resume:
        logger.warning("%s: nothing to resume, starting from the beginning", out_dir)
    write_json(out_dir / RUN_FILE, described)
    return checkpoint


def _check_same_run(path: Path, described: Mapping[str, Any]) -> None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        settings, earlier = described["config"], found["config"]
        if found.get("format", 1) != FORMAT:
            raise TrainingError(
                f"{path.parent}: a run of {'an earlier' if found.get('format', 1) < FORMAT else 'a later'} version, "
                "which cannot be resumed: start another run in another folder (its weights file can be initial_weights)"
            )
        differing = [key for key in described if key not in _MAY_CHANGE and found.get(key) != described[key]]
        differing += [key for key in settings if key != "runtime" and earlier.get(key) != settings[key]]
        if INITIAL in differing and described[INITIAL] and found.get(INITIAL) == described[INITIAL]:
            differing.remove(INITIAL)  # the same file, elsewhere
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(
            f"{path}: cannot be read ({error!r}), so the run cannot be resumed: start another"
        ) from error
    if differing:
        raise TrainingError(
            f"{path.parent}: the run to resume had other {', '.join(differing)}: take the same, or start another run"
        )


def _digest(initial_weights: str) -> str:
    """Of what a run starts from; "" where there is nothing, or no such file, which is named where it is read."""
    path = Path(initial_weights)
    return sha256_of(path) if initial_weights and path.is_file() else ""


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Writes one of the folder's JSON files."""
    with atomic_text(path) as stream:
        stream.write(json.dumps(values, indent=1, ensure_ascii=False, default=str) + "\n")
