"""Kills commands at random moments, goes on with them, and compares with what an uninterrupted run gives.

    python -m tests.faults.kill_and_resume --moments 20 --commands predict export detector recognizer

Prints a table; exit code 1 if anything was lost, left behind, or hung.
"""

import argparse
import json
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from safetensors.numpy import load_file

from tests.faults.children import Child, Ended, run, workshop
from tests.faults.inputs import make_data, make_pages, make_weights

TRAINING = (
    *("split.folds=2", "epochs=3", "batch_size=2", "runtime.accelerator=cpu", "runtime.progress=false"),
    *("runtime.num_workers=0", "export=last"),
)
DETECTOR = (
    *("network.widths=[4, 4, 6, 6, 8]", "network.depths=[1, 1, 1, 1]", "network.pyramid=4"),
    *("tiles_per_epoch=4", "tile_size=64"),
)
RECOGNIZER = ("model=kuzu_char_rec", "model.stage_widths=[4, 8]", "model.convs_per_stage=1", "crop.size=32")
# What says when and how fast, which no two runs have in common.
_TIMES = ("seconds", "images_per_second", "time", "date", "begun", "ended", "duration", "version", "waited")


@dataclass(frozen=True)
class Trial:
    """A command that is killed.

    Attributes:
        name: what it is called in the table.
        argv: the command for an output folder.
        resume: what is added to go on with it.
        code: the exit code of its end.
        contents: what it made, comparable, by name.
    """

    name: str
    argv: Callable[[Path], Sequence[object]]
    resume: Sequence[str]
    code: int
    contents: Callable[[Path], dict[str, object]]


@dataclass
class Outcome:
    """What became of a command's kills."""

    moments: int = 0
    killed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def settings(*groups: Sequence[str]) -> list[str]:
    """Settings as arguments."""
    return [part for group in groups for setting in group for part in ("--set", setting)]


def trials(given: Path) -> dict[str, Trial]:
    """The commands, on what lies in a folder."""
    reader = ("--images", given / "pages", "--recognizer-weights", given / "reader.safetensors")
    quick = ("--detector", "ink", "--device", "cpu", *settings(["min_score=0"]))
    read = given / "read"

    def predict(out: Path) -> Sequence[object]:
        also = ("--characters", out / "c.jsonl", "--export", "page", "text")
        return ("predict", *reader, *quick, "--out", out / "s.csv", *also)

    def export(out: Path) -> Sequence[object]:
        made = ("--submission", read / "s.csv", "--characters", read / "c.jsonl", "--images", given / "pages")
        return ("export", *made, "--format", "page", "alto", "hocr", "text", "coco", "--out", out)

    def train(what: str, own: Sequence[str]) -> Callable[[Path], Sequence[object]]:
        return lambda out: ("train", what, "--data", given / "data", "--out", out, *settings(TRAINING, own))

    return {
        "predict": Trial("predict", predict, ["--resume"], 1, files),
        "export": Trial("export", export, ["--resume"], 1, files),
        "detector": Trial("train detector", train("detector", DETECTOR), ["--resume"], 0, weights),
        "recognizer": Trial("train recognizer", train("recognizer", RECOGNIZER), ["--resume"], 0, weights),
    }


def files(out: Path) -> dict[str, object]:
    """Every file's bytes, and that there are no others; the settings without what says when."""
    found: dict[str, object] = {}
    for path in sorted(out.rglob("*")):
        name = str(path.relative_to(out))
        if path.suffix == ".json":
            found[name] = _timeless(json.loads(path.read_text(encoding="utf-8")), out)
        elif path.is_file():
            content = path.read_bytes()
            # Dates are those of the submission, which a resumed run wrote later.
            lines = [line for line in content.splitlines() if b"<Created>" not in line and b"LastChange" not in line]
            found[name] = [line for line in lines if b"processingDateTime" not in line]
        else:
            found[f"{name}/"] = None
    return found


def weights(out: Path) -> dict[str, object]:
    """The weights' numbers, the scores, and the names of all files."""
    (path,) = out.glob("*.safetensors")
    found: dict[str, object] = {name: array.tobytes() for name, array in load_file(path).items()}
    result = _timeless(json.loads((out / "result.json").read_text(encoding="utf-8")), out)
    found |= {f"result {name}": value for name, value in result.items()}
    # A resumed run has a further log; everything else has the files of a run that was never stopped.
    names = (str(path.relative_to(out)) for path in out.rglob("*"))
    return {**found, **{f"file {name}": None for name in names if not name.startswith("logs/")}}


def _timeless(plain: object, out: Path) -> object:
    if isinstance(plain, dict):
        return {key: _timeless(value, out) for key, value in plain.items() if not any(t in key for t in _TIMES)}
    if isinstance(plain, list):
        return [_timeless(value, out) for value in plain]
    if isinstance(plain, str):
        return "" if len(plain) == 64 else plain.replace(str(out), "OUT")
    return plain


def try_moments(trial: Trial, moments: int, rng: random.Random, timeout: float, folder: Path) -> Outcome:
    """Kills a command at moments spread over its run, goes on with it, and compares."""
    outcome = Outcome(moments)
    whole = folder / f"{trial.name}-whole".replace(" ", "-")
    whole.mkdir()
    ended = run(trial.argv(whole), folder, timeout)
    if ended.code != trial.code:
        outcome.faults.append(f"uninterrupted: {_describe(ended)}")
        return outcome
    expected, seconds = trial.contents(whole), ended.seconds
    for moment in range(moments):
        out = folder / "killed"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        # One moment in each part of the run, so that no part is left out.
        after = seconds * (moment + rng.random()) / moments
        child = Child(trial.argv(out), folder)
        outcome.killed += child.kill_after(after)
        child.wait(timeout)
        outcome.kinds[_state(out)] += 1
        done = run([*trial.argv(out), *trial.resume], folder, timeout)
        fault = _describe(done) if done.hung or done.code != trial.code else _difference(expected, trial, out)
        if fault:
            outcome.faults.append(f"killed after {after:.2f} of {seconds:.2f} s: {fault}")
    return outcome


def _state(out: Path) -> str:
    """What a killed command had left, in a word."""
    names = {path.name for path in out.rglob("*")}
    if not names:
        return "nothing"
    return "something half-written" if any(name.endswith(".tmp") for name in names) else "whole files"


def _describe(ended: Ended) -> str:
    last = ended.err.strip().splitlines()[-1:] or ["no word"]
    return f"hung: {last[0]}" if ended.hung else f"exit code {ended.code}: {last[0]}"


def _difference(expected: dict[str, object], trial: Trial, out: Path) -> str:
    try:
        found = trial.contents(out)
    except (OSError, ValueError) as error:
        return f"cannot be compared: {error!r}"
    lost, more = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    other = sorted(name for name in expected.keys() & found.keys() if expected[name] != found[name])
    said = (
        f"{what} {', '.join(names[:5])}" for what, names in (("lost", lost), ("left", more), ("other", other)) if names
    )
    return "; ".join(said)


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ("predict", "export", "detector", "recognizer")
    parser.add_argument("--commands", nargs="+", choices=names, default=names)
    parser.add_argument("--moments", type=int, default=20, help="kills of each command (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pages", type=int, default=6)
    parser.add_argument("--timeout", type=float, default=300, help="seconds after which a command counts as hung")
    args = parser.parse_args()
    faults = 0
    print("| command | kills | of a running command | what was left | faults |\n|---|---|---|---|---|")
    with workshop() as folder:
        given = folder / "given"
        make_pages(given / "pages", args.pages)
        make_data(given / "data", 4)
        make_weights(given / "reader.safetensors")
        every = trials(given)
        (given / "read").mkdir()
        run(every["predict"].argv(given / "read"), folder, args.timeout)
        for name in args.commands:
            rng = random.Random(f"{args.seed} {name}")
            outcome = try_moments(every[name], args.moments, rng, args.timeout, folder)
            faults += len(outcome.faults)
            left = ", ".join(f"{what} {count}" for what, count in sorted(outcome.kinds.items()))
            row = (every[name].name, outcome.moments, outcome.killed, left, len(outcome.faults))
            print(f"| {' | '.join(map(str, row))} |", flush=True)
            for fault in outcome.faults:
                print(f"{name}: {fault}", file=sys.stderr, flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
