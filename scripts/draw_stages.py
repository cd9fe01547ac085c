"""Draws the pictures of docs/how-it-works.md from a page of the embedded sample.

Usage: python scripts/draw_stages.py [--out docs/images/stages]

The detectors' sheets are those of `kuzushiji predict --debug`, cut in two and made smaller; what the recognizer sees is
that of `kuzushiji explain`; reading order and what the text changed come from the characters that `predict` writes.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from kuzushiji_submit.cli import main as kuzushiji
from kuzushiji_submit.core.scratch import scratch_folder

SAMPLE = Path(__file__).resolve().parents[1] / "kuzushiji_submit" / "sample"
PAGE = "918680001_00004_2"
UPPER = 0.62  # the part of the page's height that is shown: below it is little writing
HEIGHT = 820  # of a picture, in pixels
LIMIT = 195_000  # bytes of a file
EXPLAINED = (("人", (740, 368, 787, 421)), ("身", (268, 368, 311, 428)))
BLUE, ORANGE = (0, 114, 178), (194, 78, 0)


def predict(page: Path, folder: Path, detector: str) -> Path:
    """Reads the page; returns the folder of what was written: the sheet, and `characters.jsonl`."""
    out = folder / detector
    command = ["predict", "--images", str(page), "--out", str(out / "submission.csv"), "--detector", detector]
    if kuzushiji([*command, "--characters", str(out / "characters.jsonl"), "--debug", str(out)]):
        sys.exit("the page was not read: see the message above")
    return out


def halves(sheet: Path, pictures: int) -> Iterator[Image.Image]:
    """The upper part of a contact sheet's pictures, two or three beside each other."""
    image = Image.open(sheet)
    width, height = image.width / pictures, round(image.height * UPPER)
    for first, last in ((0, (pictures + 1) // 2), ((pictures + 1) // 2, pictures)):
        yield image.crop((round(first * width), 0, round(last * width), height))


def draw_order(page: Path, characters: list[dict[str, Any]]) -> Image.Image:
    """The boxes joined in reading order; those that the text changed in orange."""
    image = Image.open(page).convert("RGB")
    draw = ImageDraw.Draw(image)
    centers = []
    for character in characters:
        x0, y0, x1, y1 = character["box"]
        centers.append(((x0 + x1) / 2, (y0 + y1) / 2))
        changed = character["eye"][0]["codepoint"] != character["codepoint"]
        draw.rectangle((x0, y0, x1, y1), outline=ORANGE if changed else BLUE, width=5 if changed else 2)
    draw.line(centers, fill=(20, 150, 60), width=3)
    for center, radius in ((centers[0], 9), (centers[-1], 5)):
        draw.ellipse([place + sign * radius for sign in (-1, 1) for place in center], fill=(20, 150, 60))
    return image.crop((0, 0, image.width, round(image.height * UPPER)))


def write(image: Image.Image, path: Path) -> None:
    """Writes a JPEG of at most `LIMIT` bytes."""
    scale = HEIGHT / image.height
    smaller = image if scale >= 1 else image.resize((round(image.width * scale), HEIGHT), Image.Resampling.LANCZOS)
    for quality in range(85, 40, -5):
        smaller.save(path, "JPEG", quality=quality, optimize=True, progressive=True)
        if path.stat().st_size <= LIMIT:
            break
    print(f"{path}: {smaller.width} x {smaller.height}, {path.stat().st_size:,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/images/stages"), help="folder (default: %(default)s)")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    page = SAMPLE / "test_images" / f"{PAGE}.jpg"
    with scratch_folder("stages") as folder:
        for detector, pictures in (("heatmap", 5), ("ink", 6)):
            sheet = predict(page, folder, detector) / f"{PAGE}.jpg"
            for number, image in enumerate(halves(sheet, pictures), 1):
                write(image, out / f"{detector}-{number}.jpg")
        lines = (folder / "heatmap" / "characters.jsonl").read_text("utf-8").splitlines()
        write(draw_order(page, [json.loads(line) for line in lines]), out / "order.jpg")
        for name, box in EXPLAINED:
            picture = folder / "explained.png"
            kuzushiji(["explain", "--page", str(page), "--box", *map(str, box), "--truth", name, "--out", str(picture)])
            Image.open(picture).save(out / f"character-U+{ord(name):04X}.png")


if __name__ == "__main__":
    main()
