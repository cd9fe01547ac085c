"""The labels column: groups of a codepoint and numbers, separated by spaces."""

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kuzushiji_submit.core.charset import CODEPOINT_PATTERN, probable_codepoint

TRUTH_NUMBERS = 4  # x y w h: top-left corner and size
POINT_NUMBERS = 2  # x y
# Python's float() takes more: "1_000", "１２", and digits of other scripts.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ODD_DIGITS = re.compile(r"[0-9][,_'][0-9]|[^\x00-\x7f]")
_NUMBER_ADVICE = " (write plain digits, a point for decimals, nothing between thousands)"


@dataclass(frozen=True)
class BadGroup:
    """A stretch of tokens that is no group: the place of its first token, its text, and what is wrong."""

    token: int
    text: str
    reason: str


@dataclass(frozen=True)
class Groups:
    """A parsed labels cell.

    Attributes:
        names: the first token of each good group.
        numbers: float64 (N, K), the K numbers of each good group.
        bad: the stretches that were left out, in order.
    """

    names: tuple[str, ...]
    numbers: NDArray[np.float64]
    bad: tuple[BadGroup, ...] = ()


def is_nan(cell: str) -> bool:
    """Whether a cell holds the text "nan", which table libraries write for an empty cell and read back as one."""
    return cell.strip().lower() == "nan"


def parse_groups(cell: str, count: int, *, codepoints_only: bool) -> Groups:
    """Parses a labels cell into groups of a name and `count` finite numbers.

    A cell that breaks the format is read on from the next token that starts with "U+", so that one bad group costs
    only itself.

    Args:
        cell: the text of the cell; empty or "nan" where the page has no character.
        count: numbers in a group, TRUTH_NUMBERS or POINT_NUMBERS.
        codepoints_only: True if a name that is not written like "U+306F" makes its group bad.
    """
    tokens = [] if is_nan(cell) else cell.split()
    plain = cell.isascii() and "_" not in cell
    groups = _parse_regular(tokens, count, codepoints_only=codepoints_only) if plain else None
    return groups if groups is not None else _parse_broken(tokens, count, codepoints_only=codepoints_only)


def _parse_regular(tokens: list[str], count: int, *, codepoints_only: bool) -> Groups | None:
    """The fast way for a cell without a fault; None if there is one."""
    step = count + 1
    if len(tokens) % step:
        return None
    names = tuple(tokens[::step])
    if codepoints_only and not all(map(CODEPOINT_PATTERN.fullmatch, names)):
        return None
    try:
        columns = [np.fromiter(map(float, tokens[place::step]), np.float64, len(names)) for place in range(1, step)]
    except ValueError:
        return None
    numbers = np.stack(columns, axis=1)
    return Groups(names, numbers) if np.isfinite(numbers).all() else None


def _parse_broken(tokens: list[str], count: int, *, codepoints_only: bool) -> Groups:
    starts = [place for place, token in enumerate(tokens) if token.upper().startswith("U+")]
    if not starts or starts[0] != 0:
        starts.insert(0, 0)
    names: list[str] = []
    numbers: list[list[float]] = []
    bad: list[BadGroup] = []
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        group = tokens[start:end]
        reason = _fault(group, count, codepoints_only=codepoints_only)
        if reason:
            bad.append(BadGroup(start + 1, " ".join(group)[:60], reason))
        else:
            names.append(group[0])
            numbers.append([float(token) for token in group[1:]])
    return Groups(tuple(names), np.array(numbers, np.float64).reshape(-1, count), tuple(bad))


def _fault(group: list[str], count: int, *, codepoints_only: bool) -> str | None:
    if codepoints_only and CODEPOINT_PATTERN.fullmatch(group[0]) is None:
        meant = probable_codepoint(group[0])
        return f"{group[0]!r} is not a codepoint like U+306F{f': write {meant}' if meant else ''}"
    if len(group) != count + 1:
        return f"{len(group) - 1} numbers after {group[0]!r} instead of {count}"
    for token in group[1:]:
        if not _is_finite_number(token):
            return f"{token!r} is not a number{_NUMBER_ADVICE if _ODD_DIGITS.search(token) else ''}"
    return None


def _is_finite_number(token: str) -> bool:
    return _NUMBER.fullmatch(token) is not None and math.isfinite(float(token))


def format_number(value: float) -> str:
    """Writes 12.0 as "12" and 12.5 as "12.5"."""
    return str(int(value)) if float(value).is_integer() else repr(round(float(value), 3))
