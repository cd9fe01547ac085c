"""`kuzushiji download`: all files of the competition, unpacked and checked."""

import argparse
import sys
from pathlib import Path

from kuzushiji_submit.kaggle_client.competition import COMPETITION


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "download",
        help="download the competition's files from Kaggle, unpack and check them",
        description="Goes on where an earlier download was stopped, whatever stopped it, when it is started again.",
        example="kuzushiji download --out data",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DATA", help="folder of the competition")
    parser.add_argument("--workers", type=int, default=2, help="threads that decode images (default: %(default)s)")
    parser.add_argument("--competition", default=COMPETITION, metavar="NAME", help="default: %(default)s")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Downloads, prints what `kuzushiji check` would, and keeps the archive unless all is well."""
    from kuzushiji_submit.cli.check import print_check
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.kaggle_client.client import Client
    from kuzushiji_submit.kaggle_client.download import Download

    with Client() as client:
        download = Download(client, args.competition, args.out)
        download.run()
    code = print_check(DataFolder(args.out), args.workers)
    if code == 0:
        download.finish()
        sys.stdout.write(f"{args.out}: {len(download.sizes)} files, complete\n")
    return code
