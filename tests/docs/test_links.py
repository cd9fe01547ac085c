"""What the pages point to is there."""

import re
from pathlib import Path

import pytest

from tests.docs_pages import PAGES, ROOT, anchors, links, name_of

INDEX = ROOT / "docs" / "README.md"
# A path in code font, of a folder that the project has.
PATH = re.compile(
    r"`((?:docs|scripts|tests|kernels|detection|recognition|kuzushiji_submit)/[\w./-]+\.(?:md|py|sh|toml|jpg|ipynb))`"
)


def problems(page: Path, root: Path = ROOT) -> list[str]:
    """Links of a page that lead nowhere, or out of the project."""
    found = []
    for link in links(page):
        if re.match(r"https?://", link):
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or not path.is_relative_to(root):
            found.append(f"{link}: no such file")
        elif anchor and anchor not in anchors(path):
            found.append(f"{link}: no such heading")
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    assert problems(page) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# A b, c's\n[x](#a-b-cs)", []),
        ("# One\n# One\n[x](#one-1) [y](#one-2)", ["#one-2: no such heading"]),
        ("[x](missing.md)", ["missing.md: no such file"]),
        ("[x](https://example.org/missing.md)\n```\n[y](missing.md)\n```\n", []),
    ],
)
def test_what_leads_nowhere_is_found(text, expected, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    assert problems(page, tmp_path) == expected


# kernels/NAME/...: a placeholder in capitals stands for a folder
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_named_in_the_text_exist(page):
    named = [path for path in PATH.findall(page.read_text("utf-8")) if not re.search(r"/[A-Z]+/", path)]
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_pages_named_in_the_code_exist():
    named = {
        (path.name, page)
        for folder in ("kuzushiji_submit", "detection", "recognition", "scripts", "kernels")
        for pattern in ("*.py", "*.sh", "*.toml")
        for path in (ROOT / folder).rglob(pattern)
        for page in re.findall(r"\bdocs/[\w./-]+\.md\b", path.read_text("utf-8"))
    }
    assert named
    assert sorted((name, page) for name, page in named if not (ROOT / page).exists()) == []


def test_the_index_leads_to_every_page():
    listed = {(INDEX.parent / link.partition("#")[0]).resolve() for link in links(INDEX)}
    assert {page for page in INDEX.parent.glob("*.md") if page != INDEX} <= listed


def test_the_log_leads_to_every_subject():
    log = ROOT / "docs" / "experiments.md"
    listed = {(log.parent / link.partition("#")[0]).resolve() for link in links(log)}
    assert set((log.parent / "experiments").glob("*.md")) <= listed
