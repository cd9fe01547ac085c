"""`kuzushiji prior`: what follows what in text of the time, for `predict` to read with."""

import argparse
import sys
from pathlib import Path

from kuzushiji_submit.cli.arguments import add_settings_arguments, add_text_arguments


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "prior",
        help="make a text prior of annotated pages and texts",
        description="Estimates which character follows which, from pages of a train.csv in reading order and from "
        "transcriptions. `kuzushiji predict --prior FILE` reads with it.",
        example="kuzushiji prior --truth data/train.csv --text texts/genji.txt --out prior.safetensors",
    )
    add_text_arguments(parser)
    parser.add_argument("--license", default="", metavar="TEXT", help="license and whom to name; goes into the file")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write (.safetensors)")
    add_settings_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Makes the prior and prints what it is made of."""
    from kuzushiji_submit.core.settings import read_settings
    from kuzushiji_submit.reading.prior.make_prior import PriorConfig, make_prior
    from kuzushiji_submit.reading.prior.prior_file import save_prior
    from kuzushiji_submit.reading.prior.texts import read_books, read_text

    config = read_settings(PriorConfig(), args.config, args.set)
    prior = make_prior(
        read_books(args.truth, args.leave_out),
        {path.name: read_text(path) for path in args.text},
        config,
        truth_name=", ".join(path.name for path in args.truth) or "truth",
        left_out=args.leave_out,
        license_text=args.license,
    )
    save_prior(args.out, prior)
    record = prior.provenance
    sys.stdout.write(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB, n-grams of length 1, 2, ...: ")
    sys.stdout.write(f"{', '.join(str(len(table)) for table in prior.tables)}\n")
    for source in record.sources:
        sys.stdout.write(f"{source.name}: {source.characters} characters, share {source.share:.3f}")
        sys.stdout.write(f", perplexity on books left out {source.perplexity:.1f}\n" if source.perplexity else "\n")
    if record.perplexity:
        sys.stdout.write(f"mixture: perplexity on books left out {record.perplexity:.1f}\n")
    return 0
