"""`kuzushiji explain`: what a single character is read as, and why."""

import argparse
import sys
from pathlib import Path


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "explain",
        help="what one character is read as, with heatmaps",
        description="Reads one image of a character, or one box of a page, and prints the best readings.",
        example="kuzushiji explain --page pages/a_1.jpg --box 554 84 637 167 --out explanation.png",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--image", type=Path, metavar="FILE", help="image of one character")
    what.add_argument("--page", type=Path, metavar="FILE", help="image of a page, with --box")
    parser.add_argument("--box", type=float, nargs=4, metavar=("X0", "Y0", "X1", "Y1"), help="page pixels")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="weights (default: the project's first)")
    parser.add_argument("--truth", metavar="CHARACTER", help="what it is, to see what speaks for that: は or U+306F")
    parser.add_argument("--top", type=int, default=5, metavar="K", help="readings to print (default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="PNG", help="write what the network saw, with heatmaps")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ... (default: %(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the readings, the best first, and writes the heatmaps.

    Raises:
        ConfigError: if --page has no --box, or the box has no area on the page.
        CharsetError: if --truth is not among the characters that the weights know.
    """
    from kuzushiji_submit.core.charset import parse_character
    from kuzushiji_submit.core.errors import ConfigError
    from kuzushiji_submit.core.page.read import read_page
    from kuzushiji_submit.interpretation.drawing import write_heatmaps
    from kuzushiji_submit.interpretation.single import cut_single
    from kuzushiji_submit.reading.default_weights import recognizer_weights
    from kuzushiji_submit.report.glyphs import Glyphs
    from recognition.recognizer import Recognizer

    if (args.page is None) != (args.box is None):
        raise ConfigError("--page and --box belong together: name the page and the box of a character on it")
    weights = recognizer_weights(args.weights)
    recognizer = Recognizer.load(weights, args.device, top_k=max(1, args.top))
    truth = recognizer.charset.class_id(parse_character(args.truth)) if args.truth else None
    crop = cut_single(read_page(args.page or args.image), args.box, recognizer.crop_config, recognizer.ink)
    read = recognizer.recognize(crop)
    for class_id, score in zip(read.top_ids[0], read.top_scores[0], strict=True):
        codepoint = recognizer.charset.codepoints[class_id]
        sys.stdout.write(f"{score:.4f}  {codepoint:<7}  {Glyphs().text_of(codepoint)}\n")
    if args.out:
        write_heatmaps(args.out, recognizer, crop, truth)
        sys.stdout.write(f"{args.out}\n")
    return 0
