"""Plain text: one line a column, in reading order.

Ruby stands in （ ） behind its column, as transcribers of old books write readings, and as `kuzushiji prior` takes it
out again.
"""

from datetime import datetime

from kuzushiji_submit.export.text_columns import ExportedPage


def render_text(page: ExportedPage, created: datetime) -> bytes:  # noqa: ARG001 - every format is given the time
    """A page as UTF-8 text; nothing for a page without characters."""
    lines: list[str] = []
    for column in page.columns:
        if column.ruby and lines:
            lines[-1] += f"（{column.text}）"
        else:
            lines.append(f"（{column.text}）" if column.ruby else column.text)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
