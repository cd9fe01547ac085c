"""Runs `python -m kuzushiji_submit ...` in processes of their own, with a log file each."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread


@dataclass(frozen=True)
class Outcome:
    """How a command ended.

    Attributes:
        code: its exit code; negative if a signal ended it.
        seconds: how long it ran.
        last_line: of its output; what it says in the end, or why it failed.
        overdue: whether it was ended because it ran past its time.
    """

    code: int
    seconds: float
    last_line: str
    overdue: bool = False

    @property
    def message(self) -> str:
        """Why it ended as it did, in a line."""
        return f"ended after {self.seconds:.0f} s, past its time: {self.last_line}" if self.overdue else self.last_line


class Command:
    """A command that runs; its output goes to a log file and, with its name before each line, to stdout."""

    def __init__(
        self, name: str, arguments: Sequence[object], log: Path, *, environment: Mapping[str, str] | None = None
    ) -> None:
        """Starts it.

        Args:
            name: stands before each line on stdout.
            arguments: of `kuzushiji`.
            log: file that gets the output, after what it holds already.
            environment: variables beside those of this process.

        Raises:
            OSError: if the log cannot be written or the process cannot be started.
        """
        self.name = name
        self._last_line = ""
        self._start = time.monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kuzushiji_submit", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1", **(environment or {})},
            text=True,
            encoding="utf-8",
            errors="replace",
            # A group of its own, so that the processes it starts can be ended with it.
            start_new_session=True,
        )
        self._reader = Thread(target=self._pump, args=(log,), daemon=True)
        self._reader.start()

    def wait(self, limit: float) -> Outcome:
        """Waits until it ends, or ends it and all it started after `limit` seconds from its start."""
        overdue = False
        try:
            self._process.wait(max(0.1, limit - (time.monotonic() - self._start)))
        except subprocess.TimeoutExpired:
            overdue = True
            self.end()
        except BaseException:
            self.end()
            raise
        self._reader.join(timeout=10)
        code = self._process.wait()
        return Outcome(code, round(time.monotonic() - self._start, 1), self._last_line, overdue)

    def end(self) -> None:
        """Ends it and all it started at once."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def _pump(self, log: Path) -> None:
        stream = self._process.stdout
        if stream is None:
            return
        with stream, log.open("a", encoding="utf-8") as file:
            for line in stream:
                if text := line.rstrip():
                    self._last_line = text
                    file.write(f"{text}\n")
                    file.flush()
                    sys.stdout.write(f"[{self.name}] {text}\n")
                    sys.stdout.flush()


def run_command(
    name: str,
    arguments: Sequence[object],
    log: Path,
    *,
    limit: float,
    environment: Mapping[str, str] | None = None,
) -> Outcome:
    """Starts a command and waits for it, as `Command` does."""
    return Command(name, arguments, log, environment=environment).wait(limit)


def count_gpus() -> int:
    """CUDA GPUs of this session, asked of the driver so that torch need not be loaded."""
    try:
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in done.stdout.splitlines()) if done.returncode == 0 else 0
