"""Labels that cannot match."""

import pytest

from kuzushiji_submit.competition.foreign_labels import describe_foreign_labels


@pytest.mark.parametrize("groups", [(), (("U+3042", 1, 2), ("U+22CC6", 3, 4))])
def test_codepoints_need_no_word(groups, make_points):
    assert describe_foreign_labels([]) == ""
    assert describe_foreign_labels([make_points(*groups), make_points()]) == ""


@pytest.mark.parametrize(
    ("label", "advice"),
    [
        ("あ", "write U+3042"),
        ("u+3042", "write U+3042"),
        ("U+03042", "write U+3042"),
        ("12", "write codepoints like U+306F"),
    ],
)
def test_they_are_counted_and_the_first_is_shown(label, advice, make_points):
    pages = [make_points(("U+3042", 1, 2), image_id="a"), make_points((label, 1, 2), ("?", 3, 4), image_id="b")]
    start = "2 of 3 labels are no codepoints like the truth's and cannot match, the first "
    assert describe_foreign_labels(pages) == f"{start}{label!r} on b: {advice}"
