"""Small pieces of HTML, escaped."""

import html
import json
import re
from collections.abc import Iterable, Sequence

# What HTML forbids in text, and halves of surrogate pairs, which UTF-8 cannot hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def clean(value: str) -> str:
    """Text that any HTML file can hold: forbidden characters become U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", value)


def text(value: str) -> str:
    """Text, or the value of a quoted attribute, escaped."""
    return html.escape(clean(value), quote=True)


def number(value: float) -> str:
    """A coordinate, to a tenth: 12.0 as "12", 12.34 as "12.3"."""
    return f"{value:.1f}".removesuffix(".0")


def count(value: int) -> str:
    """A count with thousands separators."""
    return f"{value:,}"


def plural(value: int, one: str, many: str = "") -> str:
    """1 and "page" give "1 page", 2 give "2 pages"."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def json_script(element_id: str, data: object) -> str:
    """Data for a script, which cannot end its element early."""
    code = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        code = code.replace(letter, f"\\u{ord(letter):04x}")
    return f'<script type="application/json" id="{text(element_id)}">{clean(code)}</script>'


def notice(sentences: Sequence[str]) -> str:
    """A box of warnings, nothing if there is none; sentences are plain text."""
    if not sentences:
        return ""
    return f'<div class="notice" role="note">{"".join(f"<p>{text(sentence)}</p>" for sentence in sentences)}</div>'


def document(*, title: str, body: str, root: str, scripts: Iterable[str], body_class: str) -> str:
    """A whole HTML file.

    Args:
        title: plain text.
        body: HTML.
        root: the way from the file to the report's folder, "" or "../".
        scripts: files of the assets folder.
        body_class: the kind of file, for the style sheet.
    """
    tags = "\n".join(f'<script src="{root}assets/{name}" defer></script>' for name in scripts)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>{text(title)}</title>
<link rel="stylesheet" href="{root}assets/report.css">
{tags}
<noscript><style>.needs-script {{ display: none; }}</style></noscript>
</head>
<body class="{body_class}">
{body}
</body>
</html>
"""
