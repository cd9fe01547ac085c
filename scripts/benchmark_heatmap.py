"""Time the parts of the heatmap detector on whole pages, beside torchvision's Faster R-CNN ResNet-50 FPN.

Usage: python scripts/benchmark_heatmap.py DIR [--weights FILE] [--pages 8] [--repeat 3] [--threads 1 2]
           [--set KEY=VALUE]

Every page is read as `kuzushiji predict` reads it; the peer, with random weights, sees the page that the network read
last, at the same size, right after it. Each figure is the best of the repeats; printed are the median page and the
longest one, on the CPU with so many threads and, where there is one, on a GPU (in 16 bits, both networks). Without a
weights file the network's are random, which finds no character to read a page a second time by.
"""

import argparse
import resource
import sys
import timeit
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torchvision.models.detection import fasterrcnn_resnet50_fpn

from detection.heatmap.decode import decode
from detection.heatmap.detector import HeatmapDetector, HeatmapDetectorConfig
from detection.heatmap.network import HeatmapNet
from detection.heatmap.page_input import levelled_page, scaled_hw
from detection.heatmap.stages import HeatmapStages
from kuzushiji_submit.competition.data_folder import list_images
from kuzushiji_submit.core.errors import PageReadError
from kuzushiji_submit.core.page.prepared import prepare_page
from kuzushiji_submit.core.page.read import read_page
from kuzushiji_submit.core.settings import read_settings

NETWORK, DECODING, WHOLE = "network", "decoding", "whole detector, with paper and ink"
PEER, PEER_NAME = "peer", "Faster R-CNN ResNet-50 FPN"
Page = NDArray[np.uint8]


class Bench:
    """Both detectors on one device, and the times of their parts by page."""

    def __init__(self, network: nn.Module, config: HeatmapDetectorConfig, device: str, repeat: int) -> None:
        self.detector = HeatmapDetector(network, config, device)
        self.device = self.detector.reader.device
        self.peer = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=2).to(self.device).eval()
        self.repeat = repeat
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.megabytes: dict[str, float] = defaultdict(float)
        self.read_hw: list[list[tuple[int, int]]] = []

    def run(self, page: Page) -> None:
        """Times one page."""
        self._forget_peak()
        prepared = prepare_page(page)
        stages = self.detector.explain_part(prepared)
        self._keep_peak("heatmap")
        sizes = self._sizes(stages)
        images = [levelled_page(prepared, size_hw) for size_hw in sizes]
        scales, reader = self.detector.config.scales, self.detector.reader
        maps = [reader.read_scales(image, scales) for image in images]
        self._time("levelling", lambda: [levelled_page(prepared, size_hw) for size_hw in sizes])
        self._time(NETWORK, lambda: [reader.read_scales(image, scales) for image in images])
        self._time(DECODING, lambda: [decode(read, self.detector.config.decode) for read in maps])
        self._time("paper and ink", lambda: prepare_page(page).ink)
        self._time(WHOLE, lambda: self.detector.explain_part(prepare_page(page)))
        self._forget_peak()
        self._peer(images[-1])
        self._keep_peak(PEER)
        self._time(PEER, lambda: self._peer(images[-1]))
        self.read_hw.append(sizes)

    def _sizes(self, stages: HeatmapStages) -> list[tuple[int, int]]:
        """At which sizes a page was read, one or two."""
        page_hw = stages.page.shape[0], stages.page.shape[1]
        first = scaled_hw(page_hw, self.detector.config.long_side / max(page_hw))
        last = stages.image.shape[0], stages.image.shape[1]
        return [first] if first == last else [first, last]

    def _peer(self, image: Page) -> None:
        # Its own resizing has nothing to do then.
        self.peer.transform.min_size, self.peer.transform.max_size = (min(image.shape[:2]),), max(image.shape[:2])
        pixels = torch.from_numpy(image).permute(2, 0, 1).to(self.device, torch.float32) / 255
        with torch.inference_mode(), torch.autocast(self.device.type, enabled=self.detector.reader.half):
            self.peer([pixels])

    def _time(self, name: str, work: Callable[[], object]) -> None:
        def whole() -> None:
            work()
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)

        self.seconds[name].append(min(timeit.repeat(whole, number=1, repeat=self.repeat)))

    def _forget_peak(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        else:
            Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak becomes what is held now

    def _keep_peak(self, name: str) -> None:
        if self.device.type == "cuda":
            peak = torch.cuda.max_memory_allocated(self.device) / 1024**2
        else:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.megabytes[name] = max(self.megabytes[name], peak)

    def table(self) -> Iterable[str]:
        """What was measured, line by line."""
        factor, unit = (1000, "ms") if self.device.type == "cuda" else (1, "s ")
        digits = 1 if factor == 1000 else 3
        for name, values in self.seconds.items():
            median, longest = (f"{factor * value:9.{digits}f} {unit}" for value in (np.median(values), max(values)))
            yield f"  {PEER_NAME if name == PEER else name:40s} {median} {longest}"
        own = np.array(self.seconds[NETWORK]) + np.array(self.seconds[DECODING])
        yield f"  {'peer / network and decoding':40s} {np.median(np.array(self.seconds[PEER]) / own):9.1f}"
        for name, megabytes in self.megabytes.items():
            yield f"  {f'peak memory, {PEER_NAME if name == PEER else name}':40s} {megabytes:9.0f} MB"


def millions(network: nn.Module) -> str:
    """How many parameters a network has."""
    return f"{sum(parameter.numel() for parameter in network.parameters()) / 1e6:.2f} million parameters"


def read_pages(folder: Path, count: int) -> list[Page]:
    """Pages from all over a folder."""
    paths = list(list_images(folder).values())
    pages = []
    for path in paths[:: max(1, len(paths) // count)][:count]:
        try:
            pages.append(read_page(path))
        except PageReadError as error:
            print(f"{error}: skipped", file=sys.stderr)
    return pages


def measure(pages: list[Page], network: nn.Module, options: argparse.Namespace) -> None:
    """Time the pages wherever they can be read, and print."""
    config = read_settings(HeatmapDetectorConfig(), overrides=options.set)
    benches = {f"cpu, {threads} threads": Bench(network, config, "cpu", options.repeat) for threads in options.threads}
    for page in pages:
        # Page by page, so that a busy machine slows all of them alike.
        for threads, bench in zip(options.threads, benches.values(), strict=True):
            torch.set_num_threads(threads)
            cv2.setNumThreads(threads)
            bench.run(page)
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name()
        benches[name] = Bench(network, config, "cuda", options.repeat)
        for page in pages:
            benches[name].run(page)
    first = next(iter(benches.values()))
    sizes = [hw[-1][0] * hw[-1][1] / 1e6 for hw in first.read_hw]
    twice = sum(len(hw) == 2 for hw in first.read_hw)
    print(f"read at {min(sizes):.2f} to {max(sizes):.2f} megapixels, {twice} of {len(pages)} pages twice")
    print(f"heatmap: {millions(network)}; {PEER_NAME}: {millions(first.peer)}")
    for place, bench in benches.items():
        print(f"{place}; median page, longest page")
        print("\n".join(bench.table()))


def main(arguments: Iterable[str] | None = None) -> int:
    """Read pages, time, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("--weights", type=Path, help="weights of the heatmap detector (default: random ones)")
    parser.add_argument("--pages", type=int, default=8)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the detector")
    options = parser.parse_args(None if arguments is None else list(arguments))
    pages = read_pages(options.images, options.pages)
    if not pages:
        print(f"{options.images}: no images", file=sys.stderr)
        return 1
    megapixels = [page.shape[0] * page.shape[1] / 1e6 for page in pages]
    print(f"{len(pages)} pages of {min(megapixels):.1f} to {max(megapixels):.1f} megapixels")
    if options.weights:
        detector = HeatmapDetector.load(options.weights, device="cpu")
        print(f"weights: {options.weights}")
        measure(pages, detector.reader.network, options)
    else:
        print("weights: random, so no page is read a second time")
        measure(pages, HeatmapNet(), options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
