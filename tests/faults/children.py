"""Commands in processes that may be killed, each with a time after which it counts as hung.

They are forked from a server that has loaded the project and run nothing of it: a command starts at once.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PRELOADED = (
    "kuzushiji_submit.cli.main",
    "kuzushiji_submit.export.export",
    "kuzushiji_submit.reading.load_pipeline",
    "kuzushiji_submit.reading.predict",
    "kuzushiji_submit.training_data.detector_sources",
    "kuzushiji_submit.training_data.recognizer_sources",
    "detection.training.run",
    "recognition.training.train",
)
_context = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code; -9 if it was killed.
        hung: whether it did not end in time, and was killed for that.
        seconds: how long it ran.
        out: what it wrote to standard output.
        err: the same of standard error.
    """

    code: int
    hung: bool
    seconds: float
    out: str
    err: str


class Child:
    """A command that runs."""

    def __init__(self, argv: Sequence[object], folder: Path, limits: Sequence[tuple[int, int]] = ()) -> None:
        """Starts it.

        Args:
            argv: the command and its arguments.
            folder: gets what it prints.
            limits: resource limits (`resource.RLIMIT_...`, value) of its process.
        """
        self._streams = [folder / f"{time.monotonic_ns()}.{name}" for name in ("out", "err")]
        self._began = time.monotonic()
        arguments = [str(part) for part in argv]
        self._process = _context.Process(target=_work, args=(arguments, self._streams, list(limits), sys.path))
        self._process.start()

    def kill_after(self, seconds: float) -> bool:
        """Kills it at a moment; False if it had ended before."""
        self._process.join(seconds)
        if self._process.exitcode is not None:
            return False
        self._process.kill()
        return True

    def wait(self, timeout: float) -> Ended:
        """Waits for its end."""
        self._process.join(timeout)
        hung = self._process.exitcode is None
        if hung:
            self._process.kill()
            self._process.join()
        out, err = (path.read_text(errors="replace") if path.exists() else "" for path in self._streams)
        code = self._process.exitcode
        assert code is not None
        return Ended(code, hung, time.monotonic() - self._began, out, err)


def run(argv: Sequence[object], folder: Path, timeout: float, limits: Sequence[tuple[int, int]] = ()) -> Ended:
    """Runs a command to its end."""
    return Child(argv, folder, limits).wait(timeout)


@contextmanager
def workshop() -> Iterator[Path]:
    """An empty folder, and the server that forks commands."""
    os.environ["OMP_NUM_THREADS"] = "1"
    _context.set_forkserver_preload(list(PRELOADED))
    folder = Path(tempfile.mkdtemp(prefix="faults-"))  # noqa: TID251 - what a killed run leaves in it is looked at
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _work(argv: list[str], streams: list[Path], limits: list[tuple[int, int]], path: list[str]) -> None:
    for number, stream in enumerate(streams, start=1):
        descriptor = os.open(stream, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1, closefd=False)
    if limits:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for limit, value in limits:
            resource.setrlimit(limit, (value, value))
    sys.path[:] = path
    from kuzushiji_submit.cli import main

    code = main(argv)
    sys.stdout.flush()
    os._exit(code)
