"""Rehearses the week of docs/kaggle.md on synthetic pages; scripts/rehearse.sh runs it in the project's environment.

The train pages are written with some fonts and the test pages with others, where there are at least two, so that hands
differ between the two as they do on Kaggle. Networks are small, and sessions have minutes in place of hours.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from kaggle_server import KaggleServer  # type: ignore[import-not-found]  # noqa: E402 - lies in tests/

from kuzushiji_submit.core.errors import ConfigError, KuzushijiError  # noqa: E402
from kuzushiji_submit.synthetic.font_catalog import Script, profile_of  # noqa: E402
from kuzushiji_submit.synthetic.fonts import discover_fonts  # noqa: E402
from tests.integration.kaggle_session import cut_network_off, make_image_python  # noqa: E402
from tests.integration.rehearsal import Rehearsal, join_competitions, rehearse_week  # noqa: E402

BOOKS, FOLDS = 6, 2
HEIGHT = 1400  # pixels of a page; characters are then about 40
DETECTING = (
    *("--set", "epochs=8", "--set", "tile_size=320", "--set", "batch_size=4", "--set", "export=last"),
    *("--set", "network.widths=[8, 16, 32, 48, 64]", "--set", "network.pyramid=24"),
)
READING = (
    *("--set", "epochs=12", "--set", "batch_size=64", "--set", "crop.size=48", "--set", "preprocess.input_size=32"),
    *("--set", "model.widths=[16, 32, 64, 96]", "--set", "model.blocks=[1, 1, 1]", "--set", "model.embedding=128"),
    *("--set", "runtime.precision=32-true", "--set", "optimizer.ema_decay=0.99"),
)
READING_PAGES = (
    *("--set", "epochs=12", "--set", "tile_size=320", "--set", "batch_size=4", "--set", "export=last"),
    *("--set", "network.hidden=256", "--set", "network.embedding=128", "--set", "runtime.precision=32-true"),
    *("--set", "optimizer.ema_decay=0.99"),
)
ADAPTING = (
    *("--set", "training.epochs=2", "--set", "training.runtime.precision=32-true"),
    *("--set", "compared=4", "--set", "least_score=0.4"),
)
TILES, CROPS, ADAPTED, WINDOWS = 400, 12000, 6000, 800  # an epoch


def main() -> int:
    """Draws the competition, runs the sessions, prints the table."""
    args = parse_arguments()
    try:
        data = make_competition(args)
        week = args.out / "week"
        shutil.rmtree(week, ignore_errors=True)
        week.mkdir(parents=True)
        python = make_image_python(week / "image")
        with KaggleServer() as server:
            rehearsal = Rehearsal(data, week, (cut_network_off(python), python), server, limit=args.limit * 60)
            try:
                rehearse_week(rehearsal, settings(args), compare=args.compare_dense)
            finally:
                print(rehearsal.table(), flush=True)
                (args.out / "table.txt").write_text(rehearsal.table())
    except (KuzushijiError, RuntimeError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"rehearse: {error}\n")
        return 1
    return 0


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("rehearsal"), help="folder (default: %(default)s)")
    parser.add_argument("--fonts", type=Path, nargs="+", help="of the train pages (default: all others)")
    parser.add_argument("--test-fonts", type=Path, nargs="+", help="of the test pages (default: the last found)")
    parser.add_argument("--pages", type=int, default=36, help="train pages (default: %(default)s)")
    parser.add_argument("--test-pages", type=int, default=12, help="test pages (default: %(default)s)")
    parser.add_argument("--effort", type=float, default=1, help="length of the trainings (default: %(default)s)")
    parser.add_argument(
        "--compare-dense", action="store_true", help="read once more without the dense readers, three sessions"
    )
    parser.add_argument("--limit", type=float, default=60, help="minutes a session may take (default: %(default)s)")
    return parser.parse_args()


def make_competition(args: argparse.Namespace) -> Path:
    """The competition's folder; pages that were drawn before are kept."""
    found = discover_fonts() if not (args.fonts and args.test_fonts) else []
    # Fonts of Chinese hands have no kana: they write a part of the train pages.
    kana = [path for path in found if Script.KANA in profile_of(path).weights]
    test_fonts = args.test_fonts or kana[-1:]
    train_fonts = args.fonts or [path for path in found if path not in test_fonts] or found
    if not train_fonts or not test_fonts:
        raise ConfigError("no brush font was found: scripts/fonts.sh fetches some, or name them by --fonts")
    data: Path = args.out / "competition"
    for name, fonts, pages, test_pages, seed in (
        ("train", train_fonts, args.pages, 1, 1),
        ("test", test_fonts, 1, args.test_pages, 2),
    ):
        command = [sys.executable, "-m", "kuzushiji_submit", "synthesize", "--out", args.out / name, "--pages", pages]
        command += ["--test-pages", test_pages, "--books", BOOKS if name == "train" else 1, "--seed", seed]
        command += ["--height", HEIGHT, "--empty", 0, "--fonts", *fonts]
        subprocess.run([*map(str, command)], check=True, cwd=ROOT)
    if not data.is_dir():
        join_competitions(args.out / "train", args.out / "test", data)
    return data


def settings(args: argparse.Namespace) -> list[str]:
    """What `--set` gets in every session that trains."""
    counts = (TILES, CROPS, ADAPTED, WINDOWS)
    tiles, crops, adapted, windows = (max(16, round(count * args.effort)) for count in counts)
    arguments = {
        "detector": (*DETECTING, "--set", f"tiles_per_epoch={tiles}"),
        "recognizer": (*READING, "--set", f"balance.epoch_size={crops}"),
        "dense": (*READING_PAGES, "--set", f"tiles_per_epoch={tiles}"),
        "column": ("--set", f"windows_per_epoch={windows}"),
        "adapt": (*ADAPTING, "--set", f"training.balance.epoch_size={adapted}"),
        "calibrate": ("--pages", "12"),
    }
    return [
        *(f"folds={FOLDS}", "shards=1", "report_pages=0", f"time_budget={args.limit:.0f}m", "reserve=2m"),
        *("configs.detector=", "configs.recognizer=reader", "configs.dense=", "configs.column=", "configs.adapt="),
        *(f"arguments.{step}={json.dumps(words)}" for step, words in arguments.items()),
    ]


if __name__ == "__main__":
    sys.exit(main())
