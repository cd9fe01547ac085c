"""`kuzushiji demo`: the main job on the embedded sample competition."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kuzushiji_submit.cli.run_demo import DemoResult
    from kuzushiji_submit.report.model import PageScore

_CONFUSIONS = 8


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command."""
    parser = subparsers.add_parser(
        "demo",
        help="read the embedded sample pages: submission, F1, report",
        description="Reads synthetic pages of different hands that come with the project, one of them chosen because "
        "it is hard, and shows how well each was read, what was mistaken for what, and where to look next.",
        example="kuzushiji demo --open",
    )
    parser.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR", help="where to (default: ./demo)")
    parser.add_argument("--open", action="store_true", help="open the report in the browser")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ... (default: %(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Says what will be done, runs the demo, and prints what came out."""
    from kuzushiji_submit.cli.run_demo import describe_pages, run_demo

    hands = describe_pages()
    sys.stdout.write(
        f"Reads {len(hands)} pages of different hands that come with the project, scores what was read, and makes a "
        f"report of it in {args.out}/.\nTakes half a minute to a minute on a CPU; the networks load first. The pages "
        "are synthetic, with exact truth: real books are harder.\n\n"
    )
    sys.stdout.flush()
    result = run_demo(args.out, args.device)
    sys.stdout.write(f"{_table(result, hands)}\n{_confusions(result)}\n{_next_steps(result)}")
    if args.open:
        _open(result.report)
    return 0


def _table(result: "DemoResult", hands: dict[str, str]) -> str:
    """How well each page was read, the worst one named."""
    width = max(map(len, result.pages))
    rows = [f"{'page':<{width}}      F1  places  characters  right  missed  wrong  what is to be seen"]
    rows += [f"{_row(image_id, width, score)}  {hands[image_id]}" for image_id, score in result.pages.items()]
    rows.append(_row("all", width, result.score))
    rows.append(f"read worst: {result.worst}, F1 {result.pages[result.worst].counts.f1:.2f}")
    return "".join(f"{row.rstrip()}\n" for row in rows)


def _row(name: str, width: int, score: "PageScore") -> str:
    counts = score.counts
    return (
        f"{name:<{width}}  {counts.f1:.4f}  {score.detection.f1:.4f}  {counts.tp + counts.fn:>10}  {counts.tp:>5}  "
        f"{counts.fn:>6}  {counts.fp:>5}"
    )


def _confusions(result: "DemoResult") -> str:
    """Which character was read as which, commonest first."""
    from kuzushiji_submit.cli.run_demo import SAMPLE
    from kuzushiji_submit.competition.translation import read_translation
    from kuzushiji_submit.report.glyphs import Glyphs

    if not result.confusions:
        return "no character was read as another one\n"
    text_of = Glyphs(read_translation(SAMPLE.translation_csv)).text_of
    shown = result.confusions[:_CONFUSIONS]
    rows = [
        f"  {confusion.count:>2} of {confusion.annotated:<3}  {text_of(confusion.truth)} read as "
        f"{text_of(confusion.read)}  ({confusion.truth}, {confusion.read})"
        for confusion in shown
    ]
    return "commonest confusions:\n" + "".join(f"{row}\n" for row in rows)


def _next_steps(result: "DemoResult") -> str:
    steps = {
        "every character": f"{result.report} (open it in a browser, or: kuzushiji demo --open)",
        "what Kaggle takes": str(result.submission),
        "your own pages": "kuzushiji predict --images FOLDER --out submission.csv",
        "more": "kuzushiji --help, docs/start.md",
    }
    return "look next:\n" + "".join(f"  {what:<18}{where}\n" for what, where in steps.items())


def _open(report: Path) -> None:
    """Opens a page in the browser, if there is one."""
    import webbrowser

    if not webbrowser.open(report.resolve().as_uri()):
        sys.stderr.write(f"no browser was found: open {report} in one\n")
