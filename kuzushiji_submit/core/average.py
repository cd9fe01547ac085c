"""The average of the weights of several runs that began at the same weights.

Runs from one start, on other mixtures of data or in another order, often end in one valley of the loss, whose middle
generalizes better than any of them (stochastic weight averaging, Izmailov et al. 2018; model soups, Wortsman et al.
2022). Weights of runs from different starts do not: their average reads nothing.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from kuzushiji_submit.core.errors import ConfigError, WeightsError
from kuzushiji_submit.core.files import sha256_of
from kuzushiji_submit.core.weights import load_network
from kuzushiji_submit.core.weights_record import Provenance, WeightsRecord, read_record

DECIDED = ("kind", "architecture", "settings", "charset", "ink", "preprocessing")
"""What the records of all files must agree in."""


def average_weights(paths: Sequence[Path], shares: Sequence[float] | None = None) -> tuple[nn.Module, WeightsRecord]:
    """The average of the networks of several weights files, and a record that says what was averaged.

    Running statistics are averaged like the weights; they are only nearly those of the average. A calibration is kept
    where all files have the same, otherwise it is left out.

    Args:
        paths: two files at least.
        shares: the part of each file in the average, relative to the others; None for equal parts. More of the start
            keeps more of what fine-tuning forgets (Wortsman et al. 2022, robust fine-tuning).

    Raises:
        ConfigError: if there is not one positive share a file.
        WeightsError: if there are fewer, a file is missing or damaged, or two files are of different networks,
            charsets, inks or preprocessing.
    """
    if len(paths) < 2:
        raise WeightsError(f"{len(paths)} weights files have no average: name two at least")
    parts = [1.0] * len(paths) if shares is None else list(shares)
    if len(parts) != len(paths) or not all(0 < part < math.inf for part in parts):
        raise ConfigError(f"{len(paths)} weights files need as many shares, each above 0: got {parts}")
    records = [read_record(path) for path in paths]
    for path, record in zip(paths[1:], records[1:], strict=True):
        _require_alike(paths[0], records[0], path, record)
    networks = (load_network(path, records[0].kind)[0] for path in paths)
    first = next(networks)

    def weighted(average: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
        """The mean of what was averaged before and the next file, which is number `count` from 0."""
        return average + (new - average) * (parts[int(count)] / sum(parts[: int(count) + 1]))

    averaged = AveragedModel(first, avg_fn=weighted, use_buffers=True)
    averaged.update_parameters(first)
    for network in networks:
        averaged.update_parameters(network)
    same = all(record.calibration == records[0].calibration for record in records)
    calibration = records[0].calibration if same else {}
    provenance = _joined([record.provenance for record in records], paths, [part / sum(parts) for part in parts])
    return averaged.module.eval(), replace(records[0], calibration=calibration, provenance=provenance)


def _require_alike(first_path: Path, first: WeightsRecord, path: Path, record: WeightsRecord) -> None:
    differing = [name for name in DECIDED if getattr(record, name) != getattr(first, name)]
    if differing:
        raise WeightsError(
            f"{path}: has not the {', '.join(differing)} of {first_path}: only runs from one start can be averaged; "
            "others can read together (predict --recognizer-weights A B)"
        )


def _joined(parts: Sequence[Provenance], paths: Sequence[Path], shares: Sequence[float]) -> Provenance:
    """Texts as they are where all files agree, else one after the other; scores are left out, as they are others'."""
    texts: dict[str, Any] = {
        each.name: _distinct(getattr(part, each.name) for part in parts)
        for each in fields(Provenance)
        if each.type in {str, "str"}
    }
    texts["license"] = _distinct((part.license for part in parts), " AND ")
    texts["date"] = max(part.date for part in parts)
    named = ", ".join(
        f"{path.name} (share {share:.3g}, sha256 {sha256_of(path)})" for path, share in zip(paths, shares, strict=True)
    )
    texts["notes"] = _distinct([f"average of the weights of {named}", texts["notes"]])
    return Provenance(seed=parts[0].seed, **texts)


def _distinct(texts: Iterable[str], separator: str = "; ") -> str:
    return separator.join(dict.fromkeys(text for text in texts if text))
