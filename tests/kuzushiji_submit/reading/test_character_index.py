"""The characters file, page by page."""

import json

import pytest

from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading.character_index import CharacterIndex
from kuzushiji_submit.reading.characters import (
    Alternative,
    Character,
    from_record,
    to_records,
    write_characters,
)
from tests.page_readings import page_reading

HA, KA = "U+306F", "U+304B"


def character(x: float, label: str = HA, score: float = 0.5) -> Character:
    return Character((x - 10, 10, x + 10, 30), label, score, 0.75, (Alternative(label, 0.5), Alternative(KA, 0.25)))


def test_reads_pages_as_the_whole_file_is_read(tmp_path):
    path = tmp_path / "characters.jsonl"
    write_characters(
        path, [page_reading("頁", (character(20), character(50, KA))), page_reading("b", (character(80),))]
    )
    with path.open("a", encoding="utf-8") as stream:  # a page's lines need not be neighbors
        stream.write("\n" + json.dumps(next(to_records(page_reading("頁", [character(99)])))) + "\n")
    index = CharacterIndex.scan(path)
    whole: dict[str, list[Character]] = {}
    for line in filter(None, path.read_text(encoding="utf-8").splitlines()):
        image_id, read = from_record(json.loads(line))
        whole.setdefault(image_id, []).append(read)
    assert {image_id: list(index.read(image_id)) for image_id in index.stretches} == whole
    assert len(index.read("頁")) == 3
    assert {image_id: len(stretches) for image_id, stretches in index.stretches.items()} == {"頁": 2, "b": 1}
    assert index.read("unknown") == []


def test_an_empty_file_has_no_page(tmp_path):
    path = tmp_path / "characters.jsonl"
    path.write_text("")
    assert CharacterIndex.scan(path).stretches == {}


RECORD = next(to_records(page_reading("p", [character(20)])))


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        "{}",
        json.dumps({**RECORD, "codepoint": "は"}),
        json.dumps({**RECORD, "box": [1, 2, 3]}),
        json.dumps({**RECORD, "score": float("nan")}),
        json.dumps({**RECORD, "box": [1, 2, 3, float("inf")]}),
    ],
)
def test_a_bad_line_is_named(line, tmp_path):
    path = tmp_path / "characters.jsonl"
    path.write_text(json.dumps(RECORD) + "\n" + line + "\n")
    with pytest.raises(CompetitionFileError, match="line 2"):
        CharacterIndex.scan(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CompetitionFileError, match=r"gone\.jsonl"):
        CharacterIndex.scan(tmp_path / "gone.jsonl")
