"""A trial in a process of its own: every package of the reader loaded, and part of a sample page read.

A package built for another processor ends its process at once, and torch beside a torchvision of another build cannot
be loaded. So each step is told before it begins, one JSON object a line: where the lines end, something broke.

    {"step": "loading torch"}
    {"step": "loading torchvision"}
    {"error": "operator torchvision::nms does not exist"}
"""

import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path

PACKAGES = ("numpy", "PIL", "cv2", "pydantic", "safetensors", "torch", "torchvision")


def main(device: str) -> int:
    """Tries, and tells on standard output; 1 if something failed that can be told."""
    try:
        for package in PACKAGES:
            _tell(step=f"loading {package}")
            importlib.import_module(package)
        _tell(step="asking for devices")
        _tell(devices=_devices())
        _tell(step=f"reading part of a sample page on {device}")
        _tell(**_read(device))
    except Exception as error:  # noqa: BLE001 - whatever it is, the doctor shows it
        _tell(error=" ".join(f"{type(error).__name__}: {error}".split()))
        return 1
    return 0


def _tell(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _devices() -> list[str]:
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = [f"cpu ({platform.processor() or platform.machine()}, {cores} cores)"]
    for index in range(torch.cuda.device_count()):
        memory = torch.cuda.get_device_properties(index).total_memory
        found.append(f"cuda:{index} ({torch.cuda.get_device_name(index)}, {memory / 1e9:.0f} GB)")
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if accelerator is not None and accelerator.type != "cuda":
        found.append(str(accelerator))
    return found


def _read(device: str) -> dict[str, object]:
    import kuzushiji_submit
    from kuzushiji_submit.core.devices import choose_device
    from kuzushiji_submit.core.page.read import read_page

    sample = Path(next(iter(kuzushiji_submit.__path__))) / "sample" / "test_images"
    page = read_page(sorted(sample.glob("*.jpg"))[0])
    height, width = page.shape[:2]
    part = page[height // 8 : height // 2, width // 2 : width * 7 // 8].copy()
    started = time.monotonic()
    read = kuzushiji_submit.read(part, device=device)
    return {
        "characters": len(read.boxes),
        "device": str(choose_device(device)),
        "seconds": round(time.monotonic() - started, 1),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
