"""What to show for a label: a character where it is one that can be seen, the label itself where not."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from kuzushiji_submit.core.charset import to_character
from kuzushiji_submit.core.errors import CharsetError

_LONGEST = 8  # letters of a label that is no character; longer ones would cover their neighbors
_UNSEEN = ("Cc", "Cf", "Cs", "Cn", "Co", "Zs", "Zl", "Zp")  # what no font draws, or none need draw
_DOTTED_CIRCLE = "\u25cc"  # carries a combining mark that stands alone


@dataclass(frozen=True)
class Glyphs:
    """Turns labels into text, by the competition's table where it is given.

    Attributes:
        translation: character by codepoint.
    """

    translation: Mapping[str, str] = field(default_factory=dict)

    def text_of(self, label: str) -> str:
        """The text to show for a label, never empty: "U+306F" gives "は", "U+0009" and "xyz" give themselves."""
        character = self.translation.get(label) or _own_character(label)
        if character is None or any(unicodedata.category(letter) in _UNSEEN for letter in character):
            return _shorten(label)
        if all(unicodedata.combining(letter) for letter in character):
            return _DOTTED_CIRCLE + character
        return character


def _own_character(label: str) -> str | None:
    try:
        return to_character(label)
    except CharsetError:
        return None


def _shorten(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"
