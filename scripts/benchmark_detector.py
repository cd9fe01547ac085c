"""Time the stages of the ink detector on one core, beside a plain OpenCV adaptive threshold with connected components.

Usage: python scripts/benchmark_detector.py DIR [--pages 8] [--repeat 3]

Prints the median over pages of the best of the repeats, and the peak memory of the process.
"""

import argparse
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detection.ink.columns import find_columns
from detection.ink.detector import InkDetector
from detection.ink.illustrations import remove_illustrations
from detection.ink.layout import find_layout
from detection.ink.ruby import remove_ruby
from detection.ink.segmentation import segment_columns
from kuzushiji_submit.core.page.prepared import prepare_page

INK_STAGE, LAYOUT_STAGE, SEGMENT_STAGE = "paper and ink", "layout: size, columns, ruby", "segmentation"
WHOLE, PEER = "detect, whole", "peer: adaptiveThreshold + connectedComponents"


def peer(page: NDArray[np.uint8]) -> None:
    """What a plain detector cannot do without."""
    gray = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    mask = cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 101, 20)
    cv2.connectedComponentsWithStats(mask)


def best(work: Callable[[], object], repeat: int) -> float:
    """The shortest of several runs, in milliseconds."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return 1000 * min(times)


def stages(detector: InkDetector, page: NDArray[np.uint8]) -> dict[str, Callable[[], object]]:
    """Each stage as a call that repeats it alone."""
    config = detector.config
    reading = prepare_page(page)
    layout = find_layout(reading.ink, reading.lines, config.layout)
    unit = config.layout.unit
    found = find_columns(layout.mask, unit, config.layout.columns)
    return {
        INK_STAGE: lambda: prepare_page(page).ink,
        LAYOUT_STAGE: lambda: find_layout(reading.ink, reading.lines, config.layout),
        "  of it pictures": lambda: remove_illustrations(layout.mask, unit, config.layout.illustrations),
        "  of it columns": lambda: find_columns(layout.mask, unit, config.layout.columns),
        "  of it ruby": lambda: remove_ruby(found.labels, found.axis_x, unit, config.layout.ruby),
        SEGMENT_STAGE: lambda: segment_columns(layout.columns, unit, config.segmentation),
        WHOLE: lambda: detector.detect(prepare_page(page)),
        PEER: lambda: peer(page),
    }


def main(arguments: Iterable[str] | None = None) -> int:
    """Time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--pages", type=int, default=8)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args(None if arguments is None else list(arguments))
    cv2.setNumThreads(1)
    detector = InkDetector()
    times: dict[str, list[float]] = defaultdict(list)
    sizes = []
    files = sorted(path for path in options.images.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    for file in files[:: max(1, len(files) // options.pages)][: options.pages]:
        image = cv2.imread(str(file))
        if image is None:
            print(f"{file}: not an image, skipped", file=sys.stderr)
            continue
        page = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
        sizes.append(page.shape[0] * page.shape[1] / 1e6)
        for name, work in stages(detector, page).items():
            times[name].append(best(work, options.repeat))
    if not sizes:
        print(f"{options.images}: no images", file=sys.stderr)
        return 1
    print(f"{len(sizes)} pages of {min(sizes):.1f} to {max(sizes):.1f} megapixels, one core; median, longest page")
    for name, values in times.items():
        print(f"{name:48s} {np.median(values):7.0f} ms {max(values):7.0f} ms")
    ratio = np.median(np.array(times[WHOLE]) / np.array(times[PEER]))
    print(f"whole detector / peer                            {ratio:7.1f}")
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory                                      {megabytes:7.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
