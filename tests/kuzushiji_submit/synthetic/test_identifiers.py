import re
from itertools import pairwise

import pytest

from kuzushiji_submit.competition.books import book_of
from kuzushiji_submit.synthetic.identifiers import book_name, side_of, synthetic_image_id


@pytest.mark.parametrize(
    ("image_id", "side"),
    [
        ("100241706_00004_2", 2),
        ("200022050-00010_1", 1),
        ("umgy003-010", 2),
        ("brsk001_013", 1),
        ("", 1),
        ("letters", 1),
    ],
)
def test_side(image_id, side):
    assert side_of(image_id) == side


def test_ids_look_real_and_name_their_book():
    ids = [synthetic_image_id(3, book, place) for book in range(30) for place in range(8)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"9\d{8}[-_]\d{5}_[12]", image_id) for image_id in ids)
    assert {image_id[9] for image_id in ids} == {"-", "_"}
    assert [book_of(image_id) for image_id in ids] == [book_name(3, book)[0] for book in range(30) for _ in range(8)]


def test_sides_take_turns_or_are_given():
    sides = [side_of(synthetic_image_id(0, 0, place)) for place in range(6)]
    assert all(first != second for first, second in pairwise(sides))
    given = [synthetic_image_id(0, 0, place, side=2) for place in range(6)]
    assert len(set(given)) == 6
    assert {side_of(image_id) for image_id in given} == {2}
