"""Draws the pictures of docs/how-it-works.md from pages of the embedded sample.

Usage: python scripts/draw_stages.py [--out docs/images/stages]

The detectors' sheets are those of `kuzushiji predict --debug`, cut in two and made smaller; what the recognizer sees is
that of `kuzushiji explain`.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw

import kuzushiji_submit
from kuzushiji_submit.cli import main as kuzushiji
from kuzushiji_submit.core.scratch import scratch_folder

IMAGES = Path(__file__).resolve().parents[1] / "kuzushiji_submit" / "sample" / "test_images"
PAGE = IMAGES / "918680001_00004_2.jpg"
SHEETS = (("heatmap", PAGE, 5), ("ink", IMAGES / "918680004_00004_1.jpg", 6))  # with the number of pictures on a sheet
UPPER = 0.62  # the part of a page's height that is shown: below it is little writing
HEIGHT = 640  # of a picture, in pixels
LIMIT = 195_000  # bytes of a file
EXPLAINED = (740, 368, 787, 421)  # the box of a character, in pixels of the page
GREEN, BLUE, ORANGE = (20, 150, 60), (0, 114, 178), (194, 78, 0)


def draw_sheet(page: Path, folder: Path, detector: str) -> Path:
    """The contact sheet of a detector."""
    out = folder / detector
    command = ["predict", "--images", str(page), "--out", str(out / "submission.csv"), "--detector", detector]
    if kuzushiji([*command, "--debug", str(out)]):
        sys.exit("the page was not read: see the message above")
    return out / page.name


def halves(sheet: Path, pictures: int) -> Iterator[Image.Image]:
    """The upper part of a contact sheet's pictures, two or three beside each other."""
    image = Image.open(sheet)
    width, height = image.width / pictures, round(image.height * UPPER)
    for first, last in ((0, (pictures + 1) // 2), ((pictures + 1) // 2, pictures)):
        yield image.crop((round(first * width), 0, round(last * width), height))


def draw_order(page: Path) -> Image.Image:
    """The boxes joined in reading order; those whose character the text around changed in orange."""
    reading = kuzushiji_submit.read(page).reading
    image = Image.open(page).convert("RGB")
    draw = ImageDraw.Draw(image)
    for place, box in enumerate(reading.boxes.tolist()):
        changed = reading.eye_ids is not None and reading.eye_ids[place, 0] != reading.class_ids[place]
        draw.rectangle(box, outline=ORANGE if changed else BLUE, width=5 if changed else 2)
    ordered = reading.boxes[reading.order]
    centers = [tuple(center) for center in ((ordered[:, :2] + ordered[:, 2:]) / 2).tolist()]
    draw.line(centers, fill=GREEN, width=3)
    draw.ellipse([place + sign * 10 for sign in (-1, 1) for place in centers[0]], fill=GREEN)
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
    with scratch_folder("stages") as folder:
        for detector, page, pictures in SHEETS:
            for number, image in enumerate(halves(draw_sheet(page, folder, detector), pictures), 1):
                write(image, out / f"{detector}-{number}.jpg")
    write(draw_order(PAGE), out / "order.jpg")
    box = [str(side) for side in EXPLAINED]
    if kuzushiji(["explain", "--page", str(PAGE), "--box", *box, "--out", str(out / "character.png")]):
        sys.exit("the character was not explained: see the message above")


if __name__ == "__main__":
    main()
