"""How many characters a second a recognizer reads, with torch and with ONNX Runtime, and what the machine could do.

Usage: python scripts/benchmark_recognizer.py [--weights FILE] [--onnx FILE] [--crops N] [--threads N] [--runs N]

Prints the best of several runs of each, from crops in memory to recognitions, beside the rate of a large matrix product
on the same threads and the multiplications that one crop takes. Without --onnx the ONNX file is made on the way.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from kuzushiji_submit.reading.default_weights import recognizer_weights
from recognition.crops import Crops
from recognition.onnx_file import export_onnx
from recognition.preprocess import model_inputs
from recognition.recognizer import Recognizer

MATRIX = 2048


def main() -> int:
    """Measures and prints."""
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    weights = recognizer_weights(args.weights)
    crops = random_crops(Recognizer.load(weights, "cpu"), args.crops)
    for name, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        sys.stdout.write(f"matrix product, {name}: {matrix_product_rate(kind, args.runs):.0f} GFLOP/s\n")
    sys.stdout.write(f"{weights.name}: {multiplications(weights) / 1e6:.1f} M multiply-adds a crop\n")
    with tempfile.TemporaryDirectory() as folder:
        onnx = args.onnx or Path(folder) / "recognizer.onnx"
        if args.onnx is None:
            export_onnx(weights, onnx)
        for name, path, half in (
            ("torch, float32", weights, False),
            ("torch, bfloat16", weights, True),
            ("ONNX Runtime, float32", onnx, False),
        ):
            recognizer = Recognizer.load(path, "cpu", half=half)
            seconds = best(lambda one=recognizer: one.recognize(crops), args.runs)  # type: ignore[misc]
            sys.stdout.write(f"{name}: {len(crops) / seconds:.0f} characters/s\n")
    return 0


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, metavar="FILE", help="weights (default: the project's own)")
    parser.add_argument("--onnx", type=Path, metavar="FILE", help="their ONNX file")
    parser.add_argument("--crops", type=int, default=512, metavar="N", help="crops a run (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="CPU threads (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="runs of which the best counts")
    return parser.parse_args()


def random_crops(recognizer: Recognizer, count: int) -> Crops:
    """Crops of the recognizer's size."""
    random = np.random.default_rng(0)
    size = recognizer.crop_config.size
    pixels = random.integers(0, 256, (count, size, size), dtype=np.uint8)
    return Crops(pixels, np.tile(np.array([0.4, 0.45, 0.0], np.float32), (count, 1)))


def best(run: Callable[[], object], runs: int) -> float:
    """Seconds of the fastest of several runs, after one that does not count."""
    run()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def matrix_product_rate(kind: torch.dtype, runs: int) -> float:
    """Billions of additions and multiplications a second."""
    one = torch.rand(MATRIX, MATRIX).to(kind)
    return 2 * MATRIX**3 / best(lambda: one @ one, runs) / 1e9


def multiplications(weights: Path) -> int:
    """Multiply-adds of convolutions and linear layers for one crop."""
    recognizer = Recognizer.load(weights, "cpu")
    crops = random_crops(recognizer, 1)
    total = 0

    def count(module: nn.Module, _inputs: object, output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d | nn.Linear):
            total += module.weight.numel() * output[0, 0].numel()

    handles = [module.register_forward_hook(count) for module in recognizer.model.modules()]
    with torch.inference_mode():
        pixels, geometry = torch.from_numpy(crops.pixels), torch.from_numpy(crops.geometry)
        recognizer.model(*model_inputs(pixels, geometry, recognizer.metadata.preprocess))
    for handle in handles:
        handle.remove()
    return total


if __name__ == "__main__":
    sys.exit(main())
