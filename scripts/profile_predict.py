"""Where the time of `kuzushiji predict` goes, stage by stage, on one core.

Usage: python scripts/profile_predict.py DIR [--pages N] [--device cpu] [--set KEY=VALUE ...] [--out FOLDER]

Runs the command itself, with a clock around each stage: CPU seconds of the thread that works, without those of the
stages inside, so that the lines add up. DIR's pages are read again under other names until there are N of them. Printed
are a table of the stages, what the networks reach of the rate of a large matrix product on the same core, measured in
the same run, and the peak of the memory.
"""

import argparse
import os
import resource
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detection.dense import inference as dense_inference
from detection.heatmap import detector, inference
from kuzushiji_submit.cli.main import main as kuzushiji
from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.core.devices import fast_half
from kuzushiji_submit.core.memory import limit_caches
from kuzushiji_submit.core.page import prepared
from kuzushiji_submit.reading import fill_journal, journal, load_pipeline, page_reader, pipeline, predict
from kuzushiji_submit.reading.column.step import ColumnStep
from kuzushiji_submit.reading.context.step import ContextStep
from recognition.recognizer import Recognizer

MATRIX = 2048

# What is timed: where a function is looked up, its name there, and what the table calls it.
STAGES: tuple[tuple[Any, str, str], ...] = (
    (page_reader, "read_leaf", "decode"),
    (prepared, "estimate_paper", "paper"),
    (prepared, "read_ink", "ink"),
    (detector, "levelled_page", "levelling"),
    (dense_inference, "levelled_page", "levelling"),
    (dense_inference.DensePageReader, "logits", "dense reader: network, places"),
    (inference.MapReader, "read_scales", "detector: scaling, padding"),
    (detector, "decode", "detector: boxes from maps"),
    (pipeline, "crop_page", "crops"),
    (pipeline, "ink_shares", "ink shares"),
    (Recognizer, "recognize", "reader: windows, ranking"),
    (pipeline.Pipeline, "settle", "reading order, joint scores"),
    (ContextStep, "__call__", "context"),
    (ColumnStep, "__call__", "column model"),
    (page_reader, "look_again", "look again: choice of view"),
    (journal.Journal, "add", "journal"),
    (fill_journal, "release_freed", "memory given back"),
    (predict, "_write", "submission"),
)
DETECTOR_NETWORK, READER_NETWORK = "detector: network", "reader: network"


def thread_seconds() -> NDArray[np.float64]:
    """CPU seconds of this thread so far: all, and those of the kernel (memory is given to a process page by page)."""
    spent = resource.getrusage(resource.RUSAGE_THREAD)
    return np.array([spent.ru_utime + spent.ru_stime, spent.ru_stime])


class Clock:
    """CPU seconds of each stage, less those of the stages in it; `system` are those of them that the kernel took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.system: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._inside = threading.local()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times a block; blocks may lie in one another, and in several threads."""
        outer = getattr(self._inside, "spent", np.zeros(2))
        self._inside.spent = np.zeros(2)
        begin = thread_seconds()
        try:
            yield
        finally:
            spent = thread_seconds() - begin
            own = spent - self._inside.spent
            self._inside.spent = outer + spent
            self.seconds[name] += float(own[0])
            self.system[name] += float(own[1])
            self.calls[name] += 1

    def watch(self, owner: Any, name: str, label: str) -> None:  # noqa: ANN401 - a module or a class
        """Times a function wherever it is looked up."""
        function: Callable[..., Any] = getattr(owner, name)

        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            with self.stage(label):
                return function(*args, **kwargs)

        setattr(owner, name, timed)


class Networks:
    """Multiply-adds that each network was given, counted once for every shape of its input."""

    def __init__(self, clock: Clock) -> None:
        self.total: dict[str, float] = defaultdict(float)
        self._known: dict[tuple[str, tuple[int, ...]], int] = {}
        self._clock = clock

    def watch(self, network: nn.Module, label: str) -> None:
        """Times a network and counts what it is given."""
        compute = network.forward

        @wraps(compute)
        def counted(*inputs: Tensor) -> Tensor:
            key = label, tuple(inputs[0].shape[1:])
            if key not in self._known:
                with self._clock.stage("(counting)"):
                    self._known[key] = multiply_adds(network, compute, tuple(part[:1] for part in inputs))
            self.total[label] += len(inputs[0]) * self._known[key]
            with self._clock.stage(label):
                result: Tensor = compute(*inputs)
                return result

        network.forward = counted


def multiply_adds(network: nn.Module, compute: Callable[..., Tensor], inputs: tuple[Tensor, ...]) -> int:
    """Of a network's convolutions and linear layers."""
    total = 0

    def count(module: nn.Module, _inputs: object, output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d | nn.Linear):
            total += module.weight.numel() * output[0, 0].numel()

    handles = [module.register_forward_hook(count) for module in network.modules()]
    try:
        with torch.inference_mode():
            compute(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return total


def matrix_rate(kind: torch.dtype) -> float:
    """Additions and multiplications a CPU second of a large matrix product, the best of five."""
    matrix = torch.rand(MATRIX, MATRIX).to(kind)
    times = []
    for _ in range(5):
        begin = time.thread_time()
        matrix @ matrix
        times.append(time.thread_time() - begin)
    return 2 * MATRIX**3 / min(times)


@contextmanager
def many_pages(folder: Path, count: int | None) -> Iterator[Path]:
    """A folder of so many pages: those of a folder again and again, under other names."""
    files = list(list_images(folder).values())
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(len(files) if count is None else count):
            path = files[number % len(files)].path.resolve()
            (Path(scratch) / f"{number // len(files):04}_{path.name}").symlink_to(path)
        yield Path(scratch)


def watch_all(clock: Clock, networks: Networks) -> None:
    """Puts the clocks in."""
    load = load_pipeline.load_pipeline

    def load_and_watch(*args: Any, **kwargs: Any) -> pipeline.Pipeline:  # noqa: ANN401
        with clock.stage("start: weights, text prior, column model"):
            loaded = load(*args, **kwargs)
        networks.watch(loaded.detector.reader.network, DETECTOR_NETWORK)  # type: ignore[attr-defined]
        members: Sequence[Any] = getattr(loaded.recognizer, "members", (loaded.recognizer,))
        for member in members:
            networks.watch(member.model, READER_NETWORK)
        return loaded

    load_pipeline.load_pipeline = load_and_watch
    for owner, name, label in STAGES:
        clock.watch(owner, name, label)


def table(clock: Clock, networks: Networks, pages: int, whole: float, rates: Mapping[str, float]) -> Iterator[str]:
    """The stages, the longest first, as Markdown."""
    measured = {name: seconds for name, seconds in clock.seconds.items() if name != "(counting)"}
    start = measured.pop("start: weights, text prior, column model", 0.0)
    rest = whole - start - sum(measured.values()) - clock.seconds.get("(counting)", 0.0)
    spent = {**measured, "all else: start of Python and libraries, listing": rest}
    yield "| stage | ms a page | of them kernel | share | calls a page |"
    yield "|---|---|---|---|---|"
    total = sum(measured.values())
    for name, seconds in sorted(measured.items(), key=lambda item: -item[1]):
        times = f"{1000 * seconds / pages:.1f} | {1000 * clock.system[name] / pages:.1f}"
        yield f"| {name} | {times} | {100 * seconds / total:.1f} % | {clock.calls[name] / pages:.2f} |"
    system = sum(clock.system[name] for name in measured)
    yield f"| **a page** | {1000 * total / pages:.1f} | {1000 * system / pages:.1f} | 100 % | |"
    yield f"\nonce: weights and texts {start:.2f} s, Python, libraries and all else {spent.popitem()[1]:.2f} s"
    for kind, rate in rates.items():
        yield f"matrix product of {MATRIX} x {MATRIX} in {kind}: {rate / 1e9:.1f} GFLOP a CPU second"
    for name, work in networks.total.items():
        reached = 2 * work / clock.seconds[name]
        yield f"{name}: {work / pages / 1e9:.2f} G multiply-adds a page, {reached / 1e9:.1f} GFLOP/s"
        for kind, rate in rates.items():
            yield f"  {100 * reached / rate:.0f} % of a matrix product in {kind}"


def main() -> int:
    """Runs the command with clocks in it, and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--pages", type=int, help="how many, the folder's again and again (default: each once)")
    parser.add_argument("--out", type=Path, help="keep what is written in this folder")
    args, options = parser.parse_known_args()
    limit_caches()  # as the command does, before the first tensor
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    clock = Clock()
    networks = Networks(clock)
    watch_all(clock, networks)
    kinds = (torch.float32, fast_half(torch.device("cpu")))
    rates = {str(kind).removeprefix("torch."): matrix_rate(kind) for kind in kinds if kind is not None}
    with many_pages(args.images, args.pages) as folder, tempfile.TemporaryDirectory() as scratch:
        pages = len(os.listdir(folder))
        out = args.out or Path(scratch)
        begin = time.process_time()
        code = kuzushiji(
            ["predict", "--images", str(folder), "--out", str(out / "submission.csv"), "--restart", *options]
        )
        whole = time.process_time() - begin
    print("\n".join(table(clock, networks, pages, whole, rates)))
    print(f"peak memory at {pages} pages: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return code


if __name__ == "__main__":
    sys.exit(main())
