"""Words and numbers as reports write them, and data for their scripts; templates use these functions as filters."""

import json
import re

# What HTML forbids in text, and halves of surrogate pairs, which UTF-8 cannot hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def clean(value: str) -> str:
    """Text that any HTML file can hold: forbidden characters become U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", value)


def coordinate(value: float) -> str:
    """A length in page pixels, to a tenth: 12.0 as "12", 12.34 as "12.3"."""
    return f"{value:.1f}".removesuffix(".0")


def count(value: int) -> str:
    """A count with thousands separators."""
    return f"{value:,}"


def plural(value: int, singular: str, many: str = "") -> str:
    """1 and "page" give "1 page", 2 give "2 pages"."""
    return f"{count(value)} {singular if value == 1 else many or singular + 's'}"


def script_json(data: object) -> str:
    """Data for a script, which cannot end its element early."""
    code = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        code = code.replace(letter, f"\\u{ord(letter):04x}")
    return clean(code)
