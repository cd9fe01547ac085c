"""`kuzushiji export-onnx`: a recognizer for ONNX Runtime, which reads faster on most CPUs."""

import argparse
import sys
from pathlib import Path


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "export-onnx",
        help="write a recognizer as ONNX, checked against its weights file",
        example="kuzushiji export-onnx --recognizer-weights run/recognizer.safetensors --out recognizer.onnx",
    )
    parser.add_argument(
        "--recognizer-weights", type=Path, metavar="FILE", help="weights (default: the project's first)"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="a file ending in .onnx; predict takes it like weights"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exports and prints how far both differ."""
    from kuzushiji_submit.reading.default_weights import recognizer_weights
    from recognition.onnx_file import export_onnx

    difference = export_onnx(recognizer_weights(args.recognizer_weights), args.out)
    sys.stdout.write(f"{args.out}: {args.out.stat().st_size / 2**20:.1f} MiB, largest difference {difference:.1e}\n")
    return 0
