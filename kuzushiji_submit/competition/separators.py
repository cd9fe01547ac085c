"""What stands between the tokens of a labels cell: the metric splits at one blank, and at nothing else."""

import re
import unicodedata

_GAP = re.compile(r"\s+")  # every white space of Unicode, as str.split() has it
_COMMON_NAMES = {"\t": "a tab", "\n": "a line end", "\r": "a line end"}


def separator_faults(cell: str) -> list[str]:
    """What separates tokens and is not one blank, a line for each kind with its first place; none for a sound cell."""
    if cell.isascii() and cell.isprintable() and cell == " ".join(cell.split()):  # a quick look
        return []
    first: dict[str, str] = {}
    counts: dict[str, int] = {}
    token, start = 0, 0
    for gap in _GAP.finditer(cell):
        before = cell[start : gap.start()]
        token, start = token + bool(before), gap.end()
        if gap.group() == " " and before and start < len(cell):
            continue
        name = _name(gap.group())
        first.setdefault(name, f"token {max(token, 1)}: {name} {_place(before, at_end=start == len(cell))}")
        counts[name] = counts.get(name, 0) + 1
    return [
        f"{text}{f' and {counts[name] - 1} more such' if counts[name] > 1 else ''}: write single blanks, which are all "
        "that the metric splits at, and none at the ends"
        for name, text in first.items()
    ]


def _place(before: str, *, at_end: bool) -> str:
    if not before:
        return "before the first token"
    return f"{'behind the last token' if at_end else 'after'} {before[-20:]!r}"


def _name(gap: str) -> str:
    odd = gap.strip(" ")
    if not odd:
        return "a blank" if len(gap) == 1 else f"{len(gap)} blanks in a row"
    name = unicodedata.name(odd[0], "a control character").lower()
    return _COMMON_NAMES.get(odd[0], f"U+{ord(odd[0]):04X} ({name})")
