"""`kuzushiji crops`: every annotated character as an image file."""

import argparse
import sys
from pathlib import Path


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "crops",
        help="write every annotated character as an image file",
        description="Writes OUT/U+306F/IMAGE_ID_INDEX.png in gray for every box, and OUT/manifest.csv. Training cuts "
        "its own crops and does not need these. A run that was stopped goes on where it was.",
        example="kuzushiji crops --data data --out crops",
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DATA", help="folder in the competition's layout")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write into")
    parser.add_argument("--format", choices=("png", "jpg"), default="png", help="png loses nothing (default)")
    parser.add_argument("--workers", type=int, default=1, help="processes (default: %(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Writes the files and says how many."""
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.training_data.crop_files import export_crops

    made = export_crops(DataFolder(args.data), args.out, args.format, workers=max(1, args.workers))
    kept = f", {made.kept:,} of them from an earlier run" if made.kept else ""
    sys.stdout.write(f"{args.out}: {made.files:,} files of {made.pages:,} pages{kept}\n")
    for what, count in made.left_out.items():
        sys.stdout.write(f"left out: {count:,} {what}\n")
    return 0
