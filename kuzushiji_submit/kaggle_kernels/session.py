"""One run of a kernel: its clock, its folders, and the record of what became of each step."""

import datetime
import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import kuzushiji_submit
from kuzushiji_submit.core.errors import KuzushijiError
from kuzushiji_submit.core.files import atomic_text
from kuzushiji_submit.core.settings import to_plain
from kuzushiji_submit.core.time_budget import TimeBudget, parse_duration
from kuzushiji_submit.kaggle_kernels.commands import count_gpus
from kuzushiji_submit.kaggle_kernels.find_inputs import find_earlier_run, read_record
from kuzushiji_submit.kaggle_kernels.kernel_settings import RunSettings
from kuzushiji_submit.kaggle_kernels.outputs import COLUMN, DENSE, DETECTOR, RECOGNIZER, RUN_RECORD, SUBMISSION
from kuzushiji_submit.kaggle_kernels.roots import Roots

logger = logging.getLogger(__name__)

# "partial" is whole as far as it goes: time was up, or single pages could not be read. "skipped" had nothing to do.
Status = Literal["running", "done", "partial", "skipped", "failed"]


class Session:
    """What the parts of a run share.

    Attributes:
        kernel: its name, such as "train" or "train-fold-1"; runs of the same name go on from one another.
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
        self.kernel, self.settings, self.roots = settings.name or kernel, settings, roots
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

    def step(self, name: str, work: Callable[[], tuple[Status, str]], key: str = "") -> Status:
        """Does a step and records how it ended, whatever happens in it.

        Args:
            name: the step.
            work: does it; gives how it ended and a line about it.
            key: stands for what its outcome depends on.
        """
        self.say(f"{name}: begins")
        facts = {"key": key} if key else {}
        self._steps[name] = {"status": "running", **facts}
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
        self._steps[name] = {"status": status, "seconds": seconds, "message": message, **facts}
        self._write()
        self.say(f"{name}: {status} after {seconds:.0f} s{f': {message}' if message else ''}")
        return status

    def earlier_step(self, name: str) -> str:
        """How a step of the earlier run ended; "" if there is none."""
        return self._of_earlier_step(name, "status")

    def earlier_key(self, name: str) -> str:
        """What the outcome of a step of the earlier run depended on; "" if there is none."""
        return self._of_earlier_step(name, "key")

    def _of_earlier_step(self, name: str, what: str) -> str:
        steps = self.earlier[1].get("steps", {}) if self.earlier else {}
        return str(steps.get(name, {}).get(what, "")) if isinstance(steps, dict) else ""

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


_PRODUCTS = (SUBMISSION, RECOGNIZER, DETECTOR, DENSE, COLUMN)
