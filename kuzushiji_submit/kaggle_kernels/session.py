"""One run of a kernel: its clock, its folders, and the record of what became of each step."""

import datetime
import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import kuzushiji_submit
from kuzushiji_submit.core.errors import KuzushijiError
from kuzushiji_submit.core.files import atomic_text
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.core.time_budget import TimeBudget, parse_duration
from kuzushiji_submit.kaggle_kernels.commands import count_gpus
from kuzushiji_submit.kaggle_kernels.find_inputs import RUN_RECORD, find_earlier_run, read_record
from kuzushiji_submit.kaggle_kernels.kernel_settings import RunSettings, read_run_settings
from kuzushiji_submit.kaggle_kernels.roots import Roots

logger = logging.getLogger(__name__)

# "partial" is whole as far as it goes: time was up, or single pages could not be read.
Status = Literal["running", "done", "partial", "failed"]


class Session:
    """What the parts of a run share.

    Attributes:
        kernel: "train" or "predict".
        settings: what the run does.
        roots: where it reads and writes.
        gpus: CUDA GPUs of the session.
        earlier: the folder and the record of the earlier run that this one goes on from, or None.
    """

    def __init__(self, kernel: str, settings: RunSettings, roots: Roots) -> None:
        """Starts the clock.

        Raises:
            OutputError: if the working folder cannot be written.
        """
        self.kernel, self.settings, self.roots = kernel, settings, roots
        self.gpus = count_gpus()
        self.earlier = self._find_earlier()
        self._budget = TimeBudget(parse_duration(settings.time_budget))
        self._reserve = parse_duration(settings.reserve)
        self._steps: dict[str, dict[str, Any]] = {}
        self._facts: dict[str, Any] = {}
        self._write()

    @property
    def remaining(self) -> float:
        """Seconds left for the work itself, without what is kept for its end; never less than 1."""
        return max(1.0, self._budget.remaining - self._reserve)

    @property
    def grace(self) -> float:
        """Seconds that a command may overdraw its time before it is ended."""
        return max(30.0, self._reserve / 2)

    def log(self, name: str) -> Path:
        """The log file of a command."""
        return self.roots.working / "logs" / f"{name}.log"

    def say(self, text: str) -> None:
        """Tells the kernel's log."""
        sys.stdout.write(f"kernel: {text}\n")
        sys.stdout.flush()

    def note(self, **facts: object) -> None:
        """Adds facts to the record."""
        self._facts.update(facts)
        self._write()

    def step(self, name: str, work: Callable[[], tuple[Status, str]]) -> Status:
        """Does a step and records how it ended, whatever happens in it.

        Args:
            name: the step.
            work: does it; gives how it ended and a line about it.
        """
        self.say(f"{name}: begins")
        self._steps[name] = {"status": "running"}
        self._write()
        start = time.monotonic()
        try:
            status, message = work()
        except (KuzushijiError, OSError) as error:
            status, message = "failed", str(error)
        except Exception as error:
            # What nobody foresaw must not cost what the other steps made.
            logger.exception("%s", name)
            status, message = "failed", f"{type(error).__name__}: {error}"
        seconds = round(time.monotonic() - start, 1)
        self._steps[name] = {"status": status, "seconds": seconds, "message": message}
        self._write()
        self.say(f"{name}: {status} after {seconds:.0f} s{f': {message}' if message else ''}")
        return status

    def earlier_step(self, name: str) -> str:
        """How a step of the earlier run ended; "" if there is none."""
        steps = self.earlier[1].get("steps", {}) if self.earlier else {}
        return str(steps.get(name, {}).get("status", "")) if isinstance(steps, dict) else ""

    def summary(self) -> int:
        """Tells how all steps ended; the exit code is 1 only if nothing came out of the run.

        A run with an exit code counts as failed on Kaggle, and what it wrote may not be kept.
        """
        failed = [name for name, step in self._steps.items() if step["status"] == "failed"]
        made = [path.name for path in (self.roots.working / name for name in _PRODUCTS) if path.is_file()]
        self.say(f"written: {', '.join(made) or 'nothing'}; failed: {', '.join(failed) or 'nothing'}")
        return 0 if made or not failed else 1

    def _find_earlier(self) -> tuple[Path, dict[str, Any]] | None:
        own = read_record(self.roots.working)
        if own is not None and own.get("kernel") == self.kernel and own.get("steps"):
            return self.roots.working, own
        return find_earlier_run(self.roots.inputs, self.kernel)

    def _write(self) -> None:
        record = {
            "kernel": self.kernel,
            "written": datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds"),
            "packages": next(iter(kuzushiji_submit.__path__)),
            "python": sys.version.split()[0],
            "gpus": self.gpus,
            "earlier_run": str(self.earlier[0]) if self.earlier else None,
            "settings": to_plain(self.settings),
            **self._facts,
            "steps": self._steps,
        }
        with atomic_text(self.roots.working / RUN_RECORD) as stream:
            json.dump(record, stream, indent=1, ensure_ascii=False)
            stream.write("\n")


_PRODUCTS = ("submission.csv", "recognizer.safetensors", "detector.safetensors")


def run_session(kernel: str, values: Mapping[str, object], work: Callable[[Session], None]) -> int:
    """Runs a kernel's main program.

    Args:
        kernel: "train" or "predict".
        values: the settings at the head of the code file.
        work: the program.

    Returns:
        the exit code: 1 if nothing came out of the run.
    """
    try:
        session = Session(kernel, read_run_settings(values), Roots.of_session())
        session.step("run", lambda: _whole(session, work))
    except KuzushijiError as error:
        sys.stdout.write(f"kernel: error: {' '.join(str(error).split())}\n")
        return 1
    return session.summary()


def _whole(session: Session, work: Callable[[Session], None]) -> tuple[Status, str]:
    work(session)
    return "done", ""
