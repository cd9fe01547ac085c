"""The second level as one safetensors file: arrays, and JSON in the header. Nothing in it can run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.files import atomic_bytes
from kuzushiji_submit.reading.second_level.boosted_trees import BoostedTrees
from kuzushiji_submit.reading.second_level.candidate_judge import SecondLevel
from kuzushiji_submit.reading.second_level.features import FEATURES

KIND = "kuzushiji second level 1"
_ENTRY = "second_level"
_ARRAYS: dict[str, type[np.generic]] = {
    "roots": np.int64,
    "features": np.int64,
    "thresholds": np.float64,
    "missing_left": np.bool_,
    "lefts": np.int64,
    "rights": np.int64,
    "values": np.float64,
}


def save_second_level(path: Path, level: SecondLevel) -> None:
    """Writes a second level, atomically.

    Raises:
        OutputError: if the file cannot be written.
    """
    header = {
        "kind": KIND,
        "features": FEATURES,
        "baseline": level.trees.baseline,
        "depth": level.trees.depth,
        "min_score": level.min_score,
        "active": level.active,
        "figures": dict(level.figures),
        "notes": level.notes,
    }
    arrays: dict[str, NDArray[np.generic]] = {name: getattr(level.trees, name) for name in _ARRAYS}
    atomic_bytes(path, save(arrays, {_ENTRY: json.dumps(header, ensure_ascii=False)}))


def load_second_level(path: Path) -> SecondLevel:
    """Reads what `save_second_level` wrote.

    Raises:
        WeightsError: if the file is missing, damaged, something else, or asks for other features than there are.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no second level: make one (kuzushiji second-level) or name another file")
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get(_ENTRY, "{}"))
            if header.get("kind") != KIND or header.get("features") != list(FEATURES):
                raise WeightsError(f"{path}: no second level of this version: make it anew (kuzushiji second-level)")
            arrays = {name: file.get_tensor(name) for name in _ARRAYS}
        return _assemble(header, arrays)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path}: damaged ({error!r}): copy it again or make it anew") from None


def _assemble(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> SecondLevel:
    checked = {name: arrays[name].astype(kind, casting="safe") for name, kind in _ARRAYS.items()}
    if len(checked["features"]) and checked["features"].max() >= len(FEATURES):
        raise ValueError("a feature that there is not")
    trees = BoostedTrees(baseline=float(header["baseline"]), depth=int(header["depth"]), **checked)
    figures = {str(name): float(value) for name, value in header["figures"].items()}
    return SecondLevel(trees, float(header["min_score"]), bool(header["active"]), figures, str(header["notes"]))
