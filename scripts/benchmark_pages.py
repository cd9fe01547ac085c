"""How many times faster `kuzushiji predict` reads a page than torchvision's usual networks would, on one core.

Usage: python scripts/benchmark_pages.py DIR [--pages 3] [--repeat 2] [--crop-size 224] [--set KEY=VALUE ...]

The peer decodes the same file, finds the characters with Faster R-CNN ResNet-50 FPN v2 at its own size (shorter side
800, longer at most 1,333), and reads as many crops as this project found with a ResNet-50 of as many classes, at the
size that torchvision's weights want. Its own weights are random: times do not depend on them, because the number of
crops is given. Figures are CPU seconds, the best of the repeats, page by page in turn, so that a busy machine slows
both alike. The peer computes in 32 bits, as torchvision does by default, and once more in the 16 bits that this project
uses where the processor has them.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torchvision.models import resnet50
from torchvision.models.detection import fasterrcnn_resnet50_fpn_v2

from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.core.devices import fast_half
from kuzushiji_submit.core.memory import limit_caches
from kuzushiji_submit.core.page.page_files import PageFile
from kuzushiji_submit.core.page.read import read_image, read_page
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.reading.default_weights import all_recognizer_weights, detector_weights
from kuzushiji_submit.reading.load_pipeline import PipelineConfig, load_pipeline
from kuzushiji_submit.reading.look_again import read_best
from kuzushiji_submit.reading.step_files import StepFiles

# Crops that go through ResNet-50 at once.
BATCH = 32
CPU = torch.device("cpu")


class Peer:
    """Faster R-CNN ResNet-50 FPN v2, and a ResNet-50 on each crop."""

    def __init__(self, classes: int, crop_size: int) -> None:
        self.detector = fasterrcnn_resnet50_fpn_v2(weights=None, weights_backbone=None, num_classes=2).eval()
        self.reader = resnet50(weights=None, num_classes=classes).eval()
        self.crop_size = crop_size

    def read(self, file: PageFile, count: int, *, half: bool) -> None:
        """One page, with so many crops."""
        pixels = torch.from_numpy(read_page(file)).permute(2, 0, 1).float() / 255
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            self.detector([pixels])
            for begin in range(0, count, BATCH):
                crops = torch.rand(min(BATCH, count - begin), 3, self.crop_size, self.crop_size)
                self.reader(crops)


def best(work: Callable[[], object], repeat: int) -> float:
    """CPU seconds of the shortest of several runs."""
    times = []
    for _ in range(repeat):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def measure(files: list[PageFile], options: argparse.Namespace) -> Iterator[str]:
    """A line a page, and the medians."""
    config = read_settings(PipelineConfig(), overrides=options.set)
    weights, detector = all_recognizer_weights(None), detector_weights(None, None)
    pipeline = load_pipeline(config, weights, detector, "cpu", StepFiles.chosen(config))
    peer = Peer(len(pipeline.recognizer.charset), options.crop_size)
    halves = [False, True] if fast_half(CPU) is not None else [False]
    ratios: dict[bool, list[float]] = {half: [] for half in halves}
    for file in files:
        found = len(pipeline.detect("page", pipeline.prepare(read_page(file))).detections)
        own = best(lambda file=file: read_best(pipeline, "page", read_image(file)), options.repeat)  # type: ignore[misc]
        line = f"{file.path.name}: {found} characters, {own:.2f} s"
        for half in halves:
            spent = best(lambda file=file, found=found, half=half: peer.read(file, found, half=half), 1)  # type: ignore[misc]
            ratios[half].append(spent / own)
            line += f"; peer in {16 if half else 32} bits {spent:.2f} s, {spent / own:.1f} times"
        yield line
    for half, values in ratios.items():
        yield f"peer in {16 if half else 32} bits / this project: median {np.median(values):.1f} times"


def main() -> int:
    """Times, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--pages", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--crop-size", type=int, default=224, help="side of the peer's crops (default: %(default)s)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the pipeline")
    options = parser.parse_args()
    limit_caches()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    files = list(list_images(options.images).values())
    for line in measure(files[:: max(1, len(files) // options.pages)][: options.pages], options):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
