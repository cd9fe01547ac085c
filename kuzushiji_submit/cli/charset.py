"""`kuzushiji charset`: which characters a recognizer shall know, with a report of what was left out and why."""

import argparse
from pathlib import Path


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "charset",
        help="choose the characters to train on, with a report",
        description="Counts the annotated characters of a data folder, leaves out what is asked, and writes the rest "
        "as a CSV that `kuzushiji train --charset` takes.",
        example="kuzushiji charset --data data --drop-symbols --at-least 2 --out charset.csv",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--data", type=Path, metavar="DATA", help="folder in the competition's layout")
    what.add_argument("--counts", type=Path, metavar="CSV", help="columns codepoint,train_count instead of a folder")
    parser.add_argument("--table", type=Path, metavar="CSV", help="unicode_translation.csv (default: DATA's own)")
    parser.add_argument("--drop-symbols", action="store_true", help="leave out brackets, circles and the like")
    parser.add_argument("--at-least", type=int, default=1, metavar="N", help="leave out what is rarer than this")
    parser.add_argument("--most", type=int, default=0, metavar="N", help="keep the N most frequent only")
    parser.add_argument("--only", nargs="+", default=[], metavar="CHARACTER", help="keep these only: は or U+306F")
    parser.add_argument("--out", type=Path, metavar="CSV", help="file to write (- for stdout)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the report and writes the charset.

    Raises:
        ConfigError: if nothing is left to write.
    """
    from kuzushiji_submit.competition.charset_filter import CharsetFilter, count_codepoints, filter_charset
    from kuzushiji_submit.competition.class_counts import read_class_counts, write_class_counts
    from kuzushiji_submit.competition.data_folder import DataFolder
    from kuzushiji_submit.competition.translation import read_translation
    from kuzushiji_submit.competition.truth import read_repaired_truth
    from kuzushiji_submit.core.charset import parse_character
    from kuzushiji_submit.core.console import summary_stream
    from kuzushiji_submit.core.errors import ConfigError

    rules = CharsetFilter(args.drop_symbols, args.at_least, args.most, tuple(map(parse_character, args.only)))
    if args.counts:
        counts = read_class_counts(args.counts)
        table = args.table
    else:
        folder = DataFolder(args.data)
        counts = dict(count_codepoints(read_repaired_truth(folder.train_csv)))
        table = args.table or (folder.translation_csv if folder.translation_csv.is_file() else None)
    report = filter_charset(counts, rules, read_translation(table, []) if table else None)
    said = summary_stream(args.out)
    for line in report.lines():
        said.write(f"{line}\n")
    if args.out:
        if not len(report.charset):
            raise ConfigError("no character is left to train on: ask for less to be left out")
        write_class_counts(args.out, {codepoint: counts[codepoint] for codepoint in report.charset.codepoints})
        said.write(f"{args.out}: charset {report.charset.fingerprint}\n")
    return 0
