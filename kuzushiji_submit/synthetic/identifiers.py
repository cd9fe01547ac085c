"""Image ids as the competition spells them: book, page, and for half-openings the side."""

import re

import numpy as np


def side_of(image_id: str) -> int:
    """1 where the gutter is at the left of the image (the right page of an opening), 2 where it is at the right.

    An id without a side counts by its page number: odd numbers are 1.
    """
    match = re.search(r"_([12])$", image_id)
    if match:
        return int(match.group(1))
    digits = re.search(r"(\d+)$", image_id)
    return 2 - int(digits.group(1)) % 2 if digits else 1


def book_name(seed: int, book: int) -> tuple[str, str]:
    """A book id no real book has, and the mark that joins it to the page number.

    Returns:
        An id such as "900000012", and "_" (two books of three) or "-".
    """
    rng = np.random.default_rng((seed, 11, book))
    return f"9{seed % 10_000:04d}{book:04d}", "-" if rng.random() < 1 / 3 else "_"


def synthetic_image_id(seed: int, book: int, place: int, side: int | None = None) -> str:
    """The id of the page at a place (0, 1, …) of a book: "900000001_00004_2" or "900000001-00004_2".

    Sides take turns unless one is given, in which case every page has an opening of its own.
    """
    name, joint = book_name(seed, book)
    # Openings are counted from 1, and a book's first page is the right or the left one of an early opening.
    place += int(np.random.default_rng((seed, 12, book)).integers(1, 8))
    opening, turn = (1 + place, side) if side is not None else (1 + place // 2, 1 + place % 2)
    return f"{name}{joint}{opening:05d}_{turn}"
