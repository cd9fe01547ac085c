"""Text for the prior: pages of a train.csv in reading order, and transcriptions from files, cleaned."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from pathlib import Path

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.competition.csv_table import read_rows
from kuzushiji_submit.competition.truth import PageTruth, read_repaired_truth
from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading.order import read_order

# Signs that stand in books of the time, beside letters and iteration marks.
SIGNS = frozenset("○◯●△▲〽・")
# Readings in （ ） and notes in 【 】 are the transcriber's own; brackets within brackets go from the inside outwards.
REMARK = re.compile(r"（[^（）]*）|\([^()]*\)|【[^【】]*】")
# What a tag says of the text within it: 《割書：two rows》 leaves "two rows".
TAG = re.compile(r"《[^：《》]*：")
VOICED = re.compile("[\u3041-\u30fe][\u3099\u309a]")
# Old texts write the long iteration mark in two halves, the competition in one character.
LONG_MARKS = (("〳〵", "〱"), ("〴〵", "〲"))


def truth_pages(truth: Iterable[PageTruth]) -> list[list[str]]:
    """The codepoints of annotated pages in reading order; pages without a character are left out."""
    return [[page.codepoints[index] for index in read_order(page.boxes).order] for page in truth if len(page)]


def read_books(paths: Iterable[Path], leave_out: Collection[str] = ()) -> dict[str, list[list[str]]]:
    """The codepoints of the pages of each book, from files in train.csv's format.

    Args:
        paths: the files.
        leave_out: books not to take.

    Raises:
        CompetitionFileError: if a file cannot be read.
    """
    books: dict[str, list[list[str]]] = {}
    for path in paths:
        for page in read_repaired_truth(path):
            if book_of(page.image_id) not in leave_out:
                books.setdefault(book_of(page.image_id), []).extend(truth_pages([page]))
    return books


def read_text(path: Path) -> list[list[str]]:
    """The codepoints of a text file.

    Args:
        path: UTF-8; a CSV with a column "text", each row one page, or plain text, pages parted by blank lines. Line
            ends mean nothing, as words go on over them.

    Raises:
        CompetitionFileError: if the file cannot be read, or holds no text.
    """
    if path.suffix.lower() == ".csv":
        pages = [row.cells[0] for row in read_rows(path, ("text",))]
    else:
        try:
            pages = path.read_text(encoding="utf-8-sig").split("\n\n")
        except (OSError, UnicodeDecodeError) as error:
            raise CompetitionFileError(f"{path}: cannot be read ({error}): name a text file in UTF-8") from None
    cleaned = [page for page in map(clean, pages) if page]
    if not cleaned:
        raise CompetitionFileError(f"{path}: holds no text: name a file of transcriptions")
    return cleaned


def clean(text: str) -> list[str]:
    """The characters that stand on the page, as codepoints: no remarks, tags, punctuation, digits or spaces."""
    stripped = None
    while stripped != text:
        stripped, text = text, REMARK.sub("", text)
    text = TAG.sub("", text)
    # Normalized as a whole, ideographs would lose variants that the competition tells apart.
    text = VOICED.sub(lambda found: unicodedata.normalize("NFC", found.group()), text)
    for halves, whole in LONG_MARKS:
        text = text.replace(halves, whole)
    return [f"U+{ord(character):04X}" for character in text if _is_written(character)]


def _is_written(character: str) -> bool:
    return character in SIGNS or (unicodedata.category(character) in ("Lo", "Lm") and ord(character) >= 0x3005)
