"""`kuzushiji synthesize`: a competition with exact truth."""

import argparse
import sys
from pathlib import Path


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command to the command line."""
    parser = subparsers.add_parser(
        "synthesize",
        help="draw a competition with exact truth",
        description="Draws page images in the competition's own layout, with exact truth, from brush fonts. "
        "A run that was stopped goes on where it was when it is started again with the same options.",
        example="kuzushiji synthesize --out synthetic --pages 100 --test-pages 20 --seed 1",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DATA", help="folder of the competition to make")
    parser.add_argument("--pages", type=int, required=True, metavar="N", help="number of train pages")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of every random draw (default: 0)")
    parser.add_argument(
        "--test-pages",
        type=int,
        metavar="M",
        help="number of test pages, of other books (default: one for 10 train pages, at least 1)",
    )
    parser.add_argument(
        "--books", type=int, metavar="N", help="number of train books (default: one in 40 pages, at least 4)"
    )
    parser.add_argument("--layout", type=Path, metavar="CSV", help="re-ink the pages of this train.csv box by box")
    parser.add_argument(
        "--fonts",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="font files, or folders with the pieces of one font each (default: brush fonts installed or in fonts/)",
    )
    parser.add_argument("--height", type=int, metavar="PX", help="height of every image (default: that of real scans)")
    parser.add_argument("--jpeg-quality", type=int, default=92, metavar="Q", help="1 to 100 (default: 92)")
    parser.add_argument(
        "--empty", type=float, default=0.071, metavar="P", help="part of pages without text (default: 0.071)"
    )
    parser.add_argument(
        "--tempering",
        type=float,
        default=0.0,
        metavar="T",
        help="0: real class frequencies, 1: all classes alike (default: 0)",
    )
    parser.add_argument(
        "--real-data",
        type=Path,
        nargs="+",
        metavar="DATA",
        help="data folders with exact boxes whose characters are cut out and written into synthetic columns",
    )
    parser.add_argument(
        "--real-share",
        type=float,
        metavar="P",
        help="part of the train books that real characters write (default: 0.3)",
    )
    parser.add_argument(
        "--real-books", nargs="+", default=[], metavar="BOOK", help="cut characters of these books alone"
    )
    parser.add_argument(
        "--without-books",
        nargs="+",
        default=[],
        metavar="BOOK",
        help="books of which neither characters nor layouts are used, as they are left out for measuring",
    )
    parser.add_argument("--clean", action="store_true", help="annotated characters alone, on clean paper")
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes (default: 1); the result is the same"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Runs the command.

    Raises:
        KuzushijiError: if an option, a font, the layout file or the folder is not usable.
    """
    from kuzushiji_submit.core.errors import ConfigError
    from kuzushiji_submit.synthetic.font_catalog import missing_packages
    from kuzushiji_submit.synthetic.fonts import discover_fonts
    from kuzushiji_submit.synthetic.make_competition import synthesize
    from kuzushiji_submit.synthetic.plan import SynthesisSettings
    from kuzushiji_submit.synthetic.real_glyphs import read_real_glyphs
    from kuzushiji_submit.synthetic.real_hand import RealHands

    if args.workers < 1:
        raise ConfigError(f"--workers must be 1 or more, got {args.workers}")
    if not args.real_data and (args.real_books or args.real_share is not None):
        raise ConfigError(
            "--real-books and --real-share choose among real characters: name their folder by --real-data"
        )
    share = 0.3 if args.real_share is None else args.real_share
    if not 0 <= share <= 1:
        raise ConfigError(f"--real-share must be between 0 and 1, got {share}")
    settings = SynthesisSettings(
        pages=args.pages,
        test_pages=max(args.pages // 10, 1) if args.test_pages is None else args.test_pages,
        seed=args.seed,
        books=args.books,
        height=args.height,
        jpeg_quality=args.jpeg_quality,
        empty=args.empty,
        tempering=args.tempering,
        clutter=not args.clean,
    )
    fonts = args.fonts or discover_fonts()
    missing = [] if args.fonts else missing_packages(fonts)
    if missing:
        sys.stderr.write(f"fonts not found (scripts/fonts.sh, docs/fonts.md): {', '.join(missing)}\n")
    real = None
    if args.real_data:
        glyphs = read_real_glyphs(
            args.real_data, books=args.real_books, without=args.without_books, workers=args.workers
        )
        real = RealHands(glyphs, share)
    report = synthesize(
        args.out, settings, fonts, args.layout, args.workers, real=real, without_books=args.without_books
    )
    kept = f", {report.kept} of them from an earlier run" if report.kept else ""
    undrawn = f"; {report.undrawn:,} characters left out that no font holds" if report.undrawn else ""
    sys.stdout.write(
        f"{args.out}: {report.train_pages:,} train and {report.test_pages:,} test pages{kept}, {report.books} books, "
        f"{report.characters:,} characters of {report.classes:,} classes{undrawn}\n"
    )
    return 0
