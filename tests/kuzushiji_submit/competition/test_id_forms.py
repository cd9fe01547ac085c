"""Names that are the same in another form."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.competition.id_forms import match_ids

NFC, NFD = "がく_1", unicodedata.normalize("NFD", "がく_1")


@pytest.mark.parametrize(
    ("asked", "there", "found"),
    [
        ([], [], {}),
        ([], ["a"], {}),
        (["a"], [], {}),
        (["a", "b"], ["b", "c"], {"b": "b"}),
        ([NFC], [NFD], {NFC: NFD}),
        ([NFD], [NFC], {NFD: NFC}),
        ([NFC, NFD], [NFC], {NFC: NFC}),
        (["a.jpg", "b.JPEG", "c.tif"], ["a", "b", "c"], {"a.jpg": "a", "b.JPEG": "b", "c.tif": "c"}),
        (["a"], ["a.jpg"], {"a": "a.jpg"}),  # the file is a.jpg.jpg
        (["page.v2"], ["page.v3", "page"], {}),  # no ending of an image
        (["test_images/a", "x\\y\\b.png"], ["a", "b"], {"test_images/a": "a", "x\\y\\b.png": "b"}),
        (["vol1\\1.jpg", "./vol2/1"], ["vol1/1", "vol2/1"], {"vol1\\1.jpg": "vol1/1", "./vol2/1": "vol2/1"}),
        (["1"], ["vol1/1"], {"1": "vol1/1"}),
        (["12", "7.0", "0"], ["00012", "007", "000"], {"12": "00012", "7.0": "007", "0": "000"}),
        (["1_2"], ["001_2"], {}),  # no number: no table program cuts it
        (["Page_A"], ["page_a"], {"Page_A": "page_a"}),
        ([" a ", "b\u3000"], ["a", "b"], {" a ": "a", "b\u3000": "b"}),
    ],
)
def test_found(asked, there, found):
    assert match_ids(asked, there).found == found


@pytest.mark.parametrize(
    ("asked", "there", "found", "ambiguous"),
    [
        (["A"], ["a", "a.jpg"], {}, {"A": ("a", "a.jpg")}),
        (["12"], ["012", "0012"], {}, {"12": ("012", "0012")}),
        (["x/a", "y/a"], ["a"], {}, {"x/a": ("a",), "y/a": ("a",)}),
        # what is the same comes first, and a name serves one that asks
        (["a", "A"], ["a"], {"a": "a"}, {"A": ("a",)}),
        (["a", "A"], ["A", "a"], {"a": "a", "A": "A"}, {}),
    ],
)
def test_what_is_not_plain_is_not_matched(asked, there, found, ambiguous):
    matches = match_ids(asked, there)
    assert (matches.found, matches.ambiguous) == (found, ambiguous)


@pytest.mark.parametrize(
    ("asked", "there", "difference"),
    [
        (NFC, NFD, "Unicode normal form"),
        ("a.jpg", "a", "a file ending behind it"),
        ("test/a.jpg", "a", "a folder before it and a file ending behind it"),
        ("12", "0012", "zeros of a number"),
        ("A", "a", "upper and lower case"),
        (" a", "a", "white space around it"),
    ],
)
def test_the_difference_is_named(asked, there, difference):
    (form,) = match_ids([asked], [there]).otherwise().values()
    assert (form.name, form.difference) == (there, difference)


def test_the_same_is_not_otherwise():
    assert match_ids(["a", "b.jpg"], ["a", "b"]).otherwise().keys() == {"b.jpg"}


names = st.lists(st.text("aA0.j/ ", max_size=4), max_size=6)


@given(names, names)
def test_every_name_that_is_there_is_found_once_and_the_same_is_always_found(asked, there):
    there = list(dict.fromkeys(there))
    found = match_ids(asked, there).found
    assert len(set(found.values())) == len(found)
    assert set(found) <= set(asked)
    assert all(found[name] == name for name in asked if name in there)
