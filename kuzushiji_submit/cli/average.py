"""`kuzushiji average`: the weights of several runs from one start become one weights file."""

import argparse
import sys
from pathlib import Path


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "average",
        help="average the weights of several runs that began at the same weights",
        description="Runs from one start, such as fine-tunings on several mixtures, often read better on average than "
        "any of them, at the cost of one. Weights of different starts cannot be averaged: let predict read with all "
        "of them (--recognizer-weights A B C). The files' calibration does not hold for their average: calibrate it.",
        example="kuzushiji average run-1/recognizer.safetensors run-2/recognizer.safetensors --out average.safetensors",
    )
    parser.add_argument("weights", type=Path, nargs="+", metavar="FILE", help="weights files, two at least")
    parser.add_argument(
        "--shares", type=float, nargs="+", metavar="S", help="the part of each file, such as 0.3 0.7 (default: equal)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="weights file to write")
    parser.add_argument(
        "--crops",
        type=Path,
        metavar="DIR",
        help="crop store (as in RUN/crops/00-DATA): recognizers' batch normalization is measured again on its crops",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the file that is there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Averages and says what became of it."""
    from dataclasses import replace

    import detection.dense.network  # noqa: F401 - makes dense readers known, and the detectors that it stands on
    import recognition.column.network  # noqa: F401 - makes column models known
    from kuzushiji_submit.core.average import average_weights
    from kuzushiji_submit.core.errors import ConfigError
    from kuzushiji_submit.core.files import try_file
    from kuzushiji_submit.core.weights import save_weights
    from recognition.models.registry import KIND
    from recognition.training.batch_statistics import measure_batch_statistics
    from recognition.training.crop_store import CropStore
    from recognition.weights_metadata import WeightsMetadata

    try_file(args.out, "--out", "recognizer.safetensors")
    model, record = average_weights(args.weights, args.shares)
    noted = ""
    if args.crops is not None:
        if record.kind != KIND:
            raise ConfigError(
                f"--crops is an option of recognizers, these are weights of a {record.kind}: leave it out"
            )
        metadata = WeightsMetadata.from_record(record, str(args.weights[0]))
        count = measure_batch_statistics(model, metadata, CropStore(args.crops))
        noted = f"; batch normalization measured on {count:,} crops of {args.crops.name}"
    provenance = replace(record.provenance, notes=record.provenance.notes + noted)
    record = replace(record, provenance=provenance)
    save_weights(args.out, model.state_dict(), record, half=True, overwrite=args.overwrite)
    sys.stdout.write(f"{args.out}: the average of {len(args.weights)} {record.kind}s{noted}\n")
    return 0
