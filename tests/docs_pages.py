"""The project's Markdown pages: their texts, headings, links and code blocks."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(
            page
            for folder in ("docs", "detection", "recognition", "kuzushiji_submit", "kernels")
            for page in (ROOT / folder).rglob("*.md")
        ),
    ]
)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a language."""
    return [text for found, text in _FENCE.findall(page.read_text("utf-8")) if found == language]


def links(page: Path) -> list[str]:
    return _LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """What a link may name behind `#`, as GitHub makes it of headings: words in lower case, signs dropped."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def commands(page: Path) -> Iterator[str]:
    """Every line of a shell block that calls the command line, its continued lines joined, without comments."""
    for block in (*blocks(page, "bash"), *blocks(page, "")):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            command = re.split(r"\s#\s|\s{4,}", line.strip())[0]
            if command.startswith("kuzushiji "):
                yield command
