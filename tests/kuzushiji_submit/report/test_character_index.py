"""The characters file, page by page."""

import json

import pytest

from kuzushiji_submit.core.errors import CompetitionFileError
from kuzushiji_submit.reading.characters import (
    Alternative,
    Character,
    from_record,
    to_records,
    write_characters,
)
from kuzushiji_submit.report.character_index import CharacterIndex, join_characters
from kuzushiji_submit.report.judge import judge_page
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
    assert {image_id: list(index.read(image_id)) for image_id in index.offsets} == whole
    assert len(index.read("頁")) == 3
    assert index.read("unknown") == []


def test_an_empty_file_has_no_page(tmp_path):
    path = tmp_path / "characters.jsonl"
    path.write_text("")
    assert CharacterIndex.scan(path).offsets == {}


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


@pytest.mark.parametrize(
    ("reading", "found"),
    [
        ((HA, 20, 20), True),
        ((HA, 21, 20), True),
        ((HA, 22, 20), False),
        ((HA, 20, 17), False),
        ((KA, 20, 20), False),
    ],
    ids=["exact", "rounded", "aside", "above", "other label"],
)
def test_points_find_their_characters(reading, found, points):
    (mark,) = join_characters(judge_page(points("p", reading), None), [character(20)])
    assert (mark.character is not None) is found


def test_two_points_at_one_place_take_two_characters(points):
    marks = judge_page(points("p", (HA, 20, 20), (HA, 20, 20), (HA, 20, 20)), None)
    joined = join_characters(marks, [character(20, score=0.9), character(20, score=0.1)])
    assert [mark.character.score if mark.character else None for mark in joined] == [0.9, 0.1, None]


def test_missed_characters_take_none(truth, points):
    marks = judge_page(points("p"), truth("p", (HA, 10, 10, 30, 30)))
    assert join_characters(marks, [character(20)]) == marks
