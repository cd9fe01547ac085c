"""The same image_id in another form: composed or not, with a folder or a file ending, without its zeros, in other case.

Tables and folders come from different machines: macOS hands names out decomposed (NFD), Excel drops the zeros before a
number, scripts write the whole path. Names are compared

    exactly ──▶ after NFC ──▶ as paths: NFC, "/", no image ending ──▶ by their key: NFC, no white space around, no
                                                        folder, no image ending, no zeros before a number, no case

and each later step takes only names that nothing was found for before, and only where one name stands on either side.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kuzushiji_submit.core.page.image_formats import image_suffixes


@dataclass(frozen=True)
class OtherForm:
    """A name that is another in all but its form: the other name, and in what the two differ."""

    name: str
    difference: str


@dataclass(frozen=True)
class IdMatches:
    """Which of the names that are there is meant by each that was asked for.

    Attributes:
        found: the name that is there by the one asked for, of those that were found.
        ambiguous: of the others, names that are there and differ in form only, but it is not plain which is meant.
    """

    found: Mapping[str, str]
    ambiguous: Mapping[str, tuple[str, ...]]

    def otherwise(self) -> dict[str, OtherForm]:
        """Of the names found, those that are written otherwise."""
        return {
            asked: OtherForm(there, _difference(asked, there)) for asked, there in self.found.items() if asked != there
        }


def match_ids(asked: Iterable[str], there: Iterable[str]) -> IdMatches:
    """Matches names with those that are there; see above for how.

    Args:
        asked: names, such as the ids of a table.
        there: distinct names, such as the ids of a folder's files.
    """
    asked, there = list(dict.fromkeys(asked)), list(there)
    present = set(there)
    found = {name: name for name in asked if name in present}
    for key in (_nfc, _path, _key):
        if len(found) == len(asked):
            break
        left = _group(key, (name for name in asked if name not in found))
        taken = set(found.values())
        free = _group(key, (name for name in there if name not in taken))
        for form, names in left.items():
            if len(names) == 1 and len(free[form]) == 1:
                found[names[0]] = free[form][0]
    lost = [name for name in asked if name not in found]
    near = _group(_key, there) if lost else {}
    return IdMatches(found, {name: tuple(near[_key(name)]) for name in lost if near.get(_key(name))})


def _group(key: Callable[[str], str], names: Iterable[str]) -> defaultdict[str, list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[key(name)].append(name)
    return groups


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _path(name: str) -> str:
    return _without_ending(_nfc(name).replace("\\", "/").removeprefix("./"))


def _without_folder(name: str) -> str:
    return re.split(r"[/\\]", name)[-1]


def _without_ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return stem if stem and f"{dot}{ending}".lower() in image_suffixes() else name


def _without_zeros(name: str) -> str:
    """A number as a table program writes it: "00012" and "12.0" become "12"."""
    number = re.fullmatch(r"0*([0-9]+?)(?:\.0+)?", name, re.ASCII)
    return number.group(1) if number else name


_STEPS: Sequence[tuple[str, Callable[[str], str]]] = (
    ("Unicode normal form", _nfc),
    ("white space around it", str.strip),
    ("a folder before it", _without_folder),
    ("a file ending behind it", _without_ending),
    ("zeros of a number", _without_zeros),
    ("upper and lower case", str.casefold),
)


def _key(name: str, skipped: str = "") -> str:
    for what, step in _STEPS:
        if what != skipped:
            name = step(name)
    return name


def _difference(name: str, other: str) -> str:
    """In what two names of the same key differ: the steps without which they would not be the same."""
    return " and ".join(what for what, _ in _STEPS if _key(name, what) != _key(other, what)) or "form"
