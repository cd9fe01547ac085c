"""Prints pins of CPU builds of torch and torchvision that belong together; nothing where there are none to be had.

    python scripts/choose_torch.py [auto|cpu|default]      auto: CPU builds on Linux without an NVIDIA card

The package index has one build of torch for each platform; on Linux it brings the libraries for CUDA with it. PyTorch's
own index has builds for the CPU as well. A CPU build beside another index's torchvision cannot be loaded (operator
torchvision::nms does not exist), so it is both or neither. TORCH_INDEX names another index than PyTorch's.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

INDEX = "https://download.pytorch.org/whl/cpu"
REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"
NAMES = ("torch", "torchvision")
BUILD = "+cpu"


def wants_cpu_builds(choice: str) -> bool:
    """Whether builds for the CPU are of use: they are by choice, or where Linux knows of no NVIDIA card."""
    if choice != "auto":
        return choice == "cpu"
    card = Path("/dev/nvidia0").exists() or Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi")
    return sys.platform == "linux" and not card


def required() -> list[str]:
    """What requirements.txt asks for, such as "torch>=2.10" and "torchvision>=0.25"."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").split()
    return [line for line in lines if line.partition(">")[0] in NAMES]


def cpu_pins(index: str) -> list[str]:
    """Both builds as pip would take them from an index; empty if it cannot be reached or lacks one of them."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    command += ["--disable-pip-version-check", "--retries", "1", "--timeout", "15", "--index-url", index, *required()]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    try:
        installed = [entry["metadata"] for entry in json.loads(done.stdout)["install"]]
    except (ValueError, KeyError):
        return []
    versions = {entry["name"]: entry["version"] for entry in installed if entry["name"] in NAMES}
    if len(versions) < len(NAMES) or not all(version.endswith(BUILD) for version in versions.values()):
        return []
    return [f"{name}=={versions[name]}" for name in NAMES]


def main() -> int:
    """Prints the pins, one a line; 2 for a choice that is none."""
    choice = sys.argv[1] if len(sys.argv) > 1 else "auto"
    if choice not in ("auto", "cpu", "default"):
        sys.stderr.write(f"choose_torch: TORCH={choice}: write auto, cpu or default\n")
        return 2
    if wants_cpu_builds(choice):
        print("\n".join(cpu_pins(os.environ.get("TORCH_INDEX") or INDEX)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
