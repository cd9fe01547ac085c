"""The JSON lines of a characters file."""

import dataclasses
import json

from kuzushiji_submit.reading.characters import Alternative, Character, from_record, write_characters
from tests.page_readings import page_reading


def character(box=(0.0, 0.0, 10.0, 20.0), score=0.5, codepoint="U+306F", point=None):
    alternatives = (Alternative(codepoint, 0.625), Alternative("U+3070", 0.25))
    return Character(box, codepoint, score, 0.75, alternatives, point)


def test_json_lines(tmp_path):
    path = tmp_path / "characters.jsonl"
    characters = (character(point=(5, 9)), character((1, 2, 9, 9), point=(3, 4)))
    write_characters(path, iter([page_reading("a", characters), page_reading("empty")]))
    lines = path.read_text(encoding="utf-8").splitlines()
    first = json.loads(lines[0])
    assert (first["image_id"], first["character"], first["box"]) == ("a", "は", [0.0, 0.0, 10.0, 20.0])
    assert [one["character"] for one in first["alternatives"]] == ["は", "ば"]
    read = [from_record(json.loads(line)) for line in lines]
    assert [image_id for image_id, _ in read] == ["a", "a"]
    assert tuple(one for _, one in read) == characters


def test_numbers_are_written_as_they_are_rounded(tmp_path):
    path = tmp_path / "characters.jsonl"
    one = Character((0.04, 1.26, 9.26, 1601.61), "U+306F", 0.123456789, 0.3, (Alternative("U+306F", 0.1),), (4.4, 9.6))
    write_characters(path, [page_reading("頁", [one])])
    assert path.read_text(encoding="utf-8") == (
        '{"image_id": "頁", "box": [0.0, 1.3, 9.3, 1601.6], "point": [4.0, 10.0], "codepoint": "U+306F", "character": '
        '"は", "score": 0.12346, "detection_score": 0.3, "alternatives": [{"codepoint": "U+306F", "character": "は", '
        '"score": 0.1}]}\n'
    )


def test_what_the_eye_said_stands_beside_what_the_column_made_of_it(tmp_path):
    path = tmp_path / "characters.jsonl"
    eye = (Alternative("U+3070", 0.5), Alternative("U+306F", 0.375))
    changed = dataclasses.replace(character(point=(5, 10)), eye=eye)
    kept = dataclasses.replace(character(point=(5, 10)), eye=eye[::-1])
    write_characters(path, [page_reading("a", (changed, kept))])
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [[one["character"] for one in lines[0][name]] for name in ("alternatives", "eye")] == [
        ["は", "ば"],
        ["ば", "は"],
    ]
    read = [from_record(line)[1] for line in lines]
    assert read == [changed, kept]
    assert [one.changed for one in read] == [True, False]


def test_a_file_of_an_eye_alone_has_none_beside_it(tmp_path):
    path = tmp_path / "characters.jsonl"
    write_characters(path, [page_reading("a", [character()])])
    record = json.loads(path.read_text(encoding="utf-8"))
    assert "eye" not in record
    assert not from_record(record)[1].changed
