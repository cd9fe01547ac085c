"""The log of all training runs: what each folder of `kuzushiji train` says of settings, data, speed and scores."""

import csv
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from kuzushiji_submit.core.errors import RunError

logger = logging.getLogger(__name__)

RUN_FILE, RESULT, HISTORY, PICTURE = "config.json", "result.json", "history.csv", "history.png"
Row = dict[str, float]
"""One epoch: figures by name."""


@dataclass(frozen=True)
class TrainingRun:
    """One run.

    Attributes:
        folder: where it lies.
        config: the resolved settings, dotted names.
        described: what else config.json says: classes, crop settings, fingerprints, versions.
        history: one row an epoch.
        result: what result.json says; empty where the run did not come to its end.
    """

    folder: Path
    config: dict[str, Any]
    described: dict[str, Any]
    history: tuple[Row, ...]
    result: dict[str, Any]

    @property
    def status(self) -> str:
        """The word "done", or "open" for a run that goes on, was interrupted, or reached its time budget."""
        return "done" if self.result.get("completed", bool(self.result)) else "open"

    @property
    def monitor(self) -> str:
        """The validation figure that the best epoch has the highest of."""
        return str(self.described.get("monitor") or "val/top1")

    @property
    def best(self) -> Row:
        """The epoch with the best validation figure, else the last one; empty before the first ended."""
        scored = [row for row in self.history if self.monitor in row]
        if scored:
            return max(scored, key=lambda row: row[self.monitor])
        return self.history[-1] if self.history else {}

    def figures(self) -> dict[str, str]:
        """What the table shows, ready to print; text is empty where something is not known."""
        best, rows = self.best, self.history
        seconds = sum(row.get("seconds", 0.0) for row in rows)
        return {
            "run": str(self.folder),
            "status": self.status,
            "model": str(self.described.get("model") or self.config.get("model.architecture", "")),
            "px": str(self.described.get("crop", {}).get("size") or self.config.get("tile_size", "")),
            "classes": str(self.described.get("classes", "")),
            "data": str(self.described.get("data_fingerprint", ""))[:8],
            "split": _split(self.described, self.config),
            "seed": str(self.config.get("seed", "")),
            "trained": str(self.result.get("trained_on", "")),
            "held out": str(self.result.get("held_out", "")),
            "epochs done": f"{len(rows)}/{self.config.get('epochs', '?')}",
            "best": f"{best['epoch'] + 1:.0f}" if best else "",
            "error": _number(1 - best[self.monitor] if self.monitor in best else None, 4),
            **{name: _number(best.get(f"val/{name}"), 4) for name in ("f1", "precision", "recall")},
            **{name: _number(best.get(f"val/{name}"), 4) for name in ("top5", "macro", "loss")},
            "train loss": _number(best.get("train/loss"), 4),
            "images/s": _number(rows[-1].get("images_per_second") if rows else None, 0),
            "waited": _number(rows[-1].get("waited") if rows else None, 3),
            "minutes": _number(seconds / 60 if rows else None, 1),
        }


def find_runs(folders: Iterable[Path]) -> list[TrainingRun]:
    """The runs in folders and in all folders below them, by path.

    A run that cannot be read is named in the log and left out.

    Raises:
        RunError: if a folder does not exist.
    """
    files: set[Path] = set()
    for folder in folders:
        if not folder.is_dir():
            raise RunError(f"{folder}: no such folder: name folders of `kuzushiji train`, or one above them")
        files.update(folder.rglob(RUN_FILE))
    runs = []
    for file in sorted(files):
        try:
            run = _read(file)
        except (OSError, ValueError, TypeError) as error:
            logger.warning("%s: cannot be read (%s): left out", file, error)
            continue
        if run is not None:
            runs.append(run)
    return runs


def differing_settings(runs: Sequence[TrainingRun]) -> list[str]:
    """The dotted names of the settings that are not the same in all runs, without those that only say where it runs."""
    names = sorted({name for run in runs for name in run.config if not name.startswith("runtime.")})
    return [name for name in names if len({json.dumps(run.config.get(name)) for run in runs}) > 1]


def format_table(runs: Sequence[TrainingRun], settings: Sequence[str] = ()) -> str:
    """Runs as lines of aligned columns, those left out that no run has; further columns for settings."""
    rows = [_cells(run, settings) for run in runs]
    names = [name for name in rows[0] if name in settings or any(row[name] for row in rows)] if rows else []
    widths = [max(len(name), *(len(row[name]) for row in rows)) for name in names]
    lines = [[name.ljust(width) for name, width in zip(names, widths, strict=True)]]
    lines += [[row[name].ljust(width) for name, width in zip(names, widths, strict=True)] for row in rows]
    return "".join("  ".join(line).rstrip() + "\n" for line in lines)


def write_csv(runs: Sequence[TrainingRun], stream: TextIO) -> None:
    """Runs as CSV with every setting of each."""
    settings = sorted({name for run in runs for name in run.config})
    rows = [_cells(run, settings) for run in runs]
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]) if rows else ["run"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _cells(run: TrainingRun, settings: Sequence[str]) -> dict[str, str]:
    figures = run.figures()
    # Some settings, such as the seed, are among the figures already.
    return figures | {name: _plain(run.config.get(name)) for name in settings if name not in figures}


def _read(file: Path) -> TrainingRun | None:
    """The run of a config.json; None where that file belongs to something else."""
    described = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(described, dict) or not isinstance(described.get("config"), dict):
        return None
    config = _flatten(described.pop("config"))
    result_file = file.with_name(RESULT)
    result = json.loads(result_file.read_text(encoding="utf-8")) if result_file.is_file() else {}
    return TrainingRun(file.parent, config, described, _read_history(file.with_name(HISTORY)), dict(result))


def _read_history(path: Path) -> tuple[Row, ...]:
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8", newline="") as stream:
        return tuple({name: float(value) for name, value in row.items() if value} for row in csv.DictReader(stream))


def _flatten(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat.update(_flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value})
    return flat


def _split(described: dict[str, Any], config: dict[str, Any]) -> str:
    if str(described.get("split_description", "")).startswith("leaking"):
        return "leaking"
    if config.get("split.validation_books"):
        return "named books"
    folds = config.get("split.folds")
    return f"fold {config.get('split.fold')}/{folds}" if folds else "none"


def _number(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:.{places}f}"


def _plain(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
