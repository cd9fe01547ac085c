"""Counting a data folder."""

from kuzushiji_submit.stats.collect import collect, pages_with


def test_nothing():
    figures = collect([], [])
    assert (figures.pages, figures.empty, figures.characters, figures.books) == (0, 0, 0, ())
    assert figures.sides.shape == (0, 2)
    assert pages_with([], "U+306E") == []


def test_figures(make_truth):
    no, ha = "U+306E", "U+306F"
    pages = [
        make_truth((no, 0, 0, 4, 6), (no, 9, 9, 0, 6), (ha, 1, 1, 2, 3), image_id="a_1"),
        make_truth(image_id="a_2"),
        make_truth((no, 0, 0, 1, 1), image_id="b_1"),
    ]
    figures = collect(pages, ["a_1", "b_1"])
    assert (figures.pages, figures.empty, figures.without_image, figures.characters) == (3, 1, 1, 4)
    assert figures.counts == {no: 3, ha: 1}
    assert figures.pages_of == {no: 2, ha: 1}
    assert figures.per_page.tolist() == [3, 0, 1]
    assert figures.sides.tolist() == [[4, 6], [2, 3], [1, 1]]  # the box without area is left out
    assert [(book.book_id, book.pages, book.empty, book.characters, book.classes) for book in figures.books] == [
        ("a", 2, 1, 3, 2),
        ("b", 1, 0, 1, 1),
    ]
    assert pages_with(pages, no) == [("a_1", 2), ("b_1", 1)]
