"""The characters of a page, their points and their JSON lines."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.characters import Alternative, Character, PageCharacters, read_characters, write_characters
from kuzushiji_submit.errors import CompetitionFileError
from kuzushiji_submit.submission import MAX_POINTS


def character(box=(0.0, 0.0, 10.0, 20.0), score=0.5, codepoint="U+306F", point=None):
    alternatives = (Alternative(codepoint, 0.625), Alternative("U+3070", 0.25))
    return Character(box, codepoint, score, 0.75, alternatives, point)


sides = st.tuples(st.floats(0, 4000), st.floats(0, 4000), st.floats(0.1, 300), st.floats(0.1, 300))


@given(sides)
def test_the_center_lies_strictly_inside_the_box(side):
    x0, y0, width, height = side
    x, y = character((x0, y0, x0 + width, y0 + height)).center
    assert x0 < x < x0 + width
    assert y0 < y < y0 + height


def test_centers_are_whole_pixels_where_they_can_be():
    assert character((0, 0, 5, 20)).center == (2.0, 10.0)
    assert character((0, 0, 1, 20)).center == (0.5, 10.0)
    assert character((0, 0, 10, 20), point=(3.4, 5.6)).center == (3.0, 6.0)


def test_points_are_capped_by_score():
    many = tuple(character(score=place / 2000) for place in range(MAX_POINTS + 5))
    points = PageCharacters("p", many).to_points()
    assert len(points) == MAX_POINTS
    assert len(PageCharacters("p", ()).to_points()) == 0


def test_json_lines(tmp_path):
    path = tmp_path / "characters.jsonl"
    pages = [
        PageCharacters("a", (character(point=(5, 9)), character((1, 2, 9, 9), point=(3, 4)))),
        PageCharacters("empty", ()),
    ]
    write_characters(path, pages)
    lines = path.read_text(encoding="utf-8").splitlines()
    first = json.loads(lines[0])
    assert (first["image_id"], first["character"], first["box"]) == ("a", "は", [0.0, 0.0, 10.0, 20.0])
    assert [one["character"] for one in first["alternatives"]] == ["は", "ば"]
    assert read_characters(path) == {"a": pages[0]}


def test_json_lines_carry_what_the_eye_said(tmp_path):
    path = tmp_path / "characters.jsonl"
    eye = (Alternative("U+3070", 0.5), Alternative("U+306F", 0.25))
    page = PageCharacters("a", (replace(character(point=(5, 9)), eye=eye),))
    write_characters(path, [page])
    record = json.loads(path.read_text(encoding="utf-8"))
    assert [(one["character"], one["score"]) for one in record["eye"]] == [("ば", 0.5), ("は", 0.25)]
    assert read_characters(path) == {"a": page}
    del record["eye"]  # lines of runs without context, or older ones
    path.write_text(json.dumps(record))
    assert read_characters(path)["a"].characters[0].eye == ()


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"image_id": "a", "box": [1], "codepoint": "U+306F"}', "3"])
def test_broken_lines_are_named(tmp_path, line):
    path = tmp_path / "characters.jsonl"
    path.write_text(f"\n{line}\n")
    with pytest.raises(CompetitionFileError, match=r"characters\.jsonl: line 2: not a character's JSON object"):
        read_characters(path)
    with pytest.raises(CompetitionFileError, match="cannot be read"):
        read_characters(tmp_path / "none.jsonl")
