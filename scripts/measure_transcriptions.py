"""How much of transcribed pages is read: text exports against transcriptions.

Usage: kuzushiji predict --images DIR --out s.csv --export text --export-out TEXTS
       python scripts/measure_transcriptions.py --texts TEXTS [TEXTS ...] --transcriptions JSON

White space does not count, nor does ruby, which exports write in （ ） behind its column. By book and together:

- bag F1    characters in common, wherever they stand on the page: 2 x common / (read + transcribed)
- CER       character error rate: Levenshtein distance in reading order / characters transcribed
"""

import argparse
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from torchmetrics.functional.text import edit_distance

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.core.errors import CompetitionFileError, KuzushijiError
from kuzushiji_submit.training_data.alignment.transcribed_pages import read_transcriptions

RUBY = re.compile(r"（[^（）]*）")


@dataclass(frozen=True)
class TextCounts:
    """What was read and what is there; counts of pages add up.

    Attributes:
        pages: how many were compared.
        common: characters that both have.
        written: characters read.
        transcribed: characters there are.
        edits: insertions, deletions and replacements from one to the other.
    """

    pages: int = 0
    common: int = 0
    written: int = 0
    transcribed: int = 0
    edits: int = 0

    def __add__(self, other: "TextCounts") -> "TextCounts":
        return TextCounts(
            self.pages + other.pages,
            self.common + other.common,
            self.written + other.written,
            self.transcribed + other.transcribed,
            self.edits + other.edits,
        )

    @property
    def bag_f1(self) -> float:
        """F1 of the bags of characters; 0 where there is nothing at all."""
        return 2 * self.common / max(self.written + self.transcribed, 1)

    @property
    def error_rate(self) -> float:
        """Edits a character transcribed; may exceed 1."""
        return self.edits / max(self.transcribed, 1)


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, nargs="+", required=True, help="folders with IMAGE_ID.txt in them")
    parser.add_argument("--transcriptions", type=Path, required=True, help="JSON object of image_id and text")
    args = parser.parse_args()
    transcribed = read_transcriptions(args.transcriptions)
    files = {path.stem: path for folder in args.texts for path in sorted(folder.rglob("*.txt"))}
    known = sorted(files.keys() & transcribed.keys())
    if not known:
        raise CompetitionFileError(f"{args.texts[0]}: no text of a page that {args.transcriptions} has: export as text")
    by_book: dict[str, TextCounts] = {}
    for image_id in known:
        counts = compare(files[image_id].read_text(encoding="utf-8"), transcribed[image_id])
        by_book[book_of(image_id)] = by_book.get(book_of(image_id), TextCounts()) + counts
    total = sum(by_book.values(), TextCounts())
    sys.stdout.write(f"{'book':12} {'pages':>5} {'read':>6} {'there':>6} {'bag F1':>7} {'CER':>7}\n")
    for name, counts in [*by_book.items(), ("all", total)]:
        sys.stdout.write(
            f"{name:12} {counts.pages:5} {counts.written:6} {counts.transcribed:6} {counts.bag_f1:7.4f} "
            f"{counts.error_rate:7.4f}\n"
        )
    return 0


def compare(written: str, transcribed: str) -> TextCounts:
    """The counts of one page: its exported text, with line breaks and ruby, and its transcription."""
    read, there = "".join(RUBY.sub("", written).split()), "".join(transcribed.split())
    common = sum((Counter(read) & Counter(there)).values())
    edits = int(edit_distance(read, there, reduction="sum")) if read and there else max(len(read), len(there))
    return TextCounts(1, common, len(read), len(there), edits)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KuzushijiError as error:
        sys.exit(f"error: {error}")
