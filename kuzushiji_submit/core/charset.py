"""The ordered set of characters a recognizer can say. Its order is part of the model."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kuzushiji_submit.core.errors import CharsetError

# One text for each codepoint, since labels compare as text: no further zeros ("U+0306F"), no surrogates, which are
# halves of a codepoint, nothing beyond Unicode's last.
CODEPOINT_PATTERN = re.compile(r"U\+(?:(?!D[89A-F])[0-9A-F]{4}|[1-9A-F][0-9A-F]{4}|10[0-9A-F]{4})")
# What stands before the digits elsewhere: u+306f, U306F, \u306f, 0x306f, uni306F, &#x306f;
_LIKE_A_CODEPOINT = re.compile(r"(?:U[+-]?|\\U|\\?UNI|0X|&#X)\{?0*([0-9A-F]{1,6})[;}]?")


def to_character(codepoint: str) -> str:
    """The text of a codepoint: "U+306F" gives "は".

    Raises:
        CharsetError: if the text is not a codepoint of Unicode written the competition's way.
    """
    if CODEPOINT_PATTERN.fullmatch(codepoint) is None:
        meant = probable_codepoint(codepoint)
        raise CharsetError(
            f"{codepoint!r} is not a codepoint: write {meant or 'U+ and 4 to 6 upper-case hexadecimal digits'}"
        )
    return chr(int(codepoint[2:], 16))


def probable_codepoint(text: str) -> str | None:
    """The codepoint that a text written otherwise means, such as "u+306f", "U+0306F" or "は"; None for none."""
    text = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cc", "Cf"))  # what nobody sees
    character = unicodedata.normalize("NFC", text)
    if len(character) == 1 and not character.isascii():
        return _canonical(ord(character))
    like = _LIKE_A_CODEPOINT.fullmatch(unicodedata.normalize("NFKC", text).upper())
    return _canonical(int(like.group(1), 16)) if like else None


def _canonical(code: int) -> str | None:
    text = f"U+{code:04X}"
    return text if CODEPOINT_PATTERN.fullmatch(text) else None


def parse_character(text: str) -> str:
    """The codepoint that a user means: "は" and "U+306F" both give "U+306F".

    Raises:
        CharsetError: if the text is neither one character nor a codepoint.
    """
    if len(text) == 1:
        return f"U+{ord(text):04X}"
    to_character(text)
    return text


@dataclass(frozen=True)
class Charset:
    """Codepoints in class order: the class_id of a codepoint is its place.

    Attributes:
        codepoints: distinct codepoints such as "U+306F".

    Raises:
        CharsetError: if a codepoint is malformed or occurs twice.
    """

    codepoints: tuple[str, ...]
    _class_ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        class_ids: dict[str, int] = {}
        for codepoint in self.codepoints:
            to_character(codepoint)
            if codepoint in class_ids:
                raise CharsetError(f"{codepoint} occurs twice in the charset: remove one")
            class_ids[codepoint] = len(class_ids)
        object.__setattr__(self, "_class_ids", class_ids)

    @classmethod
    def from_labels(cls, codepoints: Iterable[str]) -> "Charset":
        """The charset of a truth: its distinct codepoints in ascending code order."""
        return cls(tuple(sorted(set(codepoints), key=lambda codepoint: int(codepoint[2:], 16))))

    def __len__(self) -> int:
        return len(self.codepoints)

    def __contains__(self, codepoint: object) -> bool:
        return codepoint in self._class_ids

    def class_id(self, codepoint: str) -> int:
        """The place of a codepoint.

        Raises:
            CharsetError: if the charset does not hold it.
        """
        try:
            return self._class_ids[codepoint]
        except KeyError:
            raise CharsetError(f"{codepoint} is not in this charset of {len(self)} characters") from None

    def class_ids(self, codepoints: Sequence[str]) -> list[int]:
        """The places of many codepoints, -1 where the charset does not hold one."""
        return [self._class_ids.get(codepoint, -1) for codepoint in codepoints]

    @property
    def fingerprint(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the codepoints in order, joined by spaces."""
        return hashlib.sha256(" ".join(self.codepoints).encode()).hexdigest()[:16]
