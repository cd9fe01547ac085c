"""Whether pages can be read: the trial is run, and what it told becomes findings."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kuzushiji_submit.diagnosis.finding import Finding, Verdict
from kuzushiji_submit.diagnosis.packages import INSTALL

LONGEST = 600.0  # seconds; a machine that is busy with other work takes minutes to load torch
_NVIDIA = Path("/dev/nvidia0")
_TORCHVISION = (
    "torch and torchvision are of different builds: run bash scripts/setup.sh anew, or pip install --force-reinstall "
    "both from one index"
)
_HEADLESS = "OpenCV lacks the desktop's libraries: pip uninstall opencv-python, then pip install opencv-python-headless"


def look_at_reading(device: str = "auto", command: Sequence[str] | None = None) -> Iterator[Finding]:
    """Devices, and whether part of a sample page can be read.

    An accelerator on which reading fails is no fault where the CPU reads.

    Args:
        device: where the networks are to run.
        command: what tells the steps, before the device; None for the trial.
    """
    begin = command or (sys.executable, "-m", "kuzushiji_submit.diagnosis.trial")
    told = _run([*begin, device])
    if devices := told.get("devices"):
        yield _name_devices(devices)
    if "error" not in told:
        yield _name_success(told)
        return
    if device == "auto" and len(told.get("devices", ())) > 1 and "error" not in (on_cpu := _run([*begin, "cpu"])):
        yield Finding("accelerator", told["error"], Verdict.NOTE, "read with --device cpu until it is mended")
        yield _name_success(on_cpu)
        return
    yield Finding("reading", f"{told.get('step', 'starting Python')}: {told['error']}", Verdict.FAULT, _advise(told))


def _run(command: Sequence[str]) -> dict[str, Any]:
    """Everything that was told, the last word of each kind; with "error" if it did not come to its end."""
    told: dict[str, Any] = {}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return {"error": f"no end after {LONGEST:.0f} seconds"}
    except OSError as error:
        return {"error": str(error)}
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            told |= json.loads(line)
    if "characters" in told or "error" in told:
        return told
    last = done.stderr.strip().splitlines()[-1:]
    return {**told, "error": " ".join([_name_end(done.returncode), *last])}


def _name_end(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}:"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _name_devices(devices: Sequence[str]) -> Finding:
    if len(devices) == 1 and _NVIDIA.exists():
        advice = "install a build of torch for CUDA (TORCH=default bash scripts/setup.sh), or go on with the CPU"
        return Finding("devices", f"{devices[0]}; an NVIDIA card is here, but torch sees none", Verdict.NOTE, advice)
    return Finding("devices", ", ".join(devices))


def _name_success(told: dict[str, Any]) -> Finding:
    text = f"part of a sample page on {told['device']}: {told['characters']} characters in {told['seconds']} s"
    if told["characters"]:
        return Finding("reading", text)
    return Finding("reading", text, Verdict.NOTE, "nothing was found where much is: are the weights those of a test?")


def _advise(told: dict[str, Any]) -> str:
    if "torchvision::" in told["error"]:
        return _TORCHVISION
    if "libGL" in told["error"] or "libgthread" in told["error"]:
        return _HEADLESS
    if "SIGILL" in told["error"]:
        return "the package is built for a newer processor: install an older version of it"
    if "SIGKILL" in told["error"]:
        return "memory did not suffice: close other programs"
    return INSTALL if str(told.get("step", "")).startswith("loading") else "run again with --verbose and report this"
