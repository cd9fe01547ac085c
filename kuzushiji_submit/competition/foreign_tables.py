"""Files that are given as CSV and are something else, or CSV of another kind: what they are, and what to do."""

from collections.abc import Sequence

from kuzushiji_submit.core.presets import nearest_names

HEAD = 512
"""How many of a file's first bytes `explain_bytes` looks at."""
_SAVE_AS_CSV = "save the table as CSV (in Excel: CSV UTF-8)"
_SIGNATURES = {
    b"PK\x03\x04": f"is a zip archive or an Excel workbook: unpack it, or {_SAVE_AS_CSV}",
    b"\xd0\xcf\x11\xe0": f"is an old Excel workbook: {_SAVE_AS_CSV}",
    b"\x1f\x8b": "is packed with gzip: unpack it (gunzip)",
    b"%PDF": "is a PDF file: name a CSV file",
    b"\x89PNG": "is an image: name a CSV file",
    b"\xff\xd8\xff": "is an image: name a CSV file",
    b"\xff\xfe": f"is UTF-16 text: {_SAVE_AS_CSV}",
    b"\xfe\xff": f"is UTF-16 text: {_SAVE_AS_CSV}",
}
_COLUMN_SEPARATORS = {";": "';'", "\t": "tabs", "|": "'|'", "，": "the full-width comma", "、": "'、'"}


def explain_bytes(head: bytes) -> str:
    """What a file is that cannot be a UTF-8 table, and what to do; empty if it can be one."""
    for signature, what in _SIGNATURES.items():
        if head.startswith(signature):
            return what
    if b"\0" in head:
        return f"holds zero bytes (UTF-16 text, or no text at all): {_SAVE_AS_CSV}"
    if head.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "is a web page: download the file itself"
    return ""


def explain_separator(header: Sequence[str]) -> str:
    """What separates columns instead of commas, and what to do; empty if it is commas."""
    for sign, name in _COLUMN_SEPARATORS.items():
        if len(header) == 1 and sign in header[0]:
            return f"columns are separated by {name}: save the table with commas"
    return ""


def explain_columns(header: Sequence[str], columns: Sequence[str], missing: Sequence[str]) -> str:
    """Why a header lacks columns, and what to do.

    Args:
        header: its cells.
        columns: the columns wanted.
        missing: those that are not there; at least one.
    """
    wanted = f"the columns must be {','.join(columns)}"
    if separator := explain_separator(header):
        return f"{separator} ({wanted})"
    found = ",".join(header)[:80]
    plain = {cell.strip().casefold(): cell for cell in header}
    near = nearest_names(missing[0], plain)
    advice = f"write {missing[0]!r} for {plain[near[0]]!r}: " if near else ""
    return f"no column {', '.join(missing)} among {found}: {advice}{wanted}"
