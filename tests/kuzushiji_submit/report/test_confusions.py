"""Counting confusions."""

from kuzushiji_submit.report.confusions import EXAMPLES, examples_by_page, find_confusions
from kuzushiji_submit.report.judge import judge_page, score_page
from kuzushiji_submit.report.model import PagePlan

HA, HO, KA, NI = "U+306F", "U+307B", "U+304B", "U+306B"


def plan(image_id, points, truth, pairs):
    """A page on which the n-th box holds pairs[n][0] and was read as pairs[n][1], None for not at all."""
    rows = [(true, 10, 20 * place, 20, 20 * place + 10) for place, (true, _) in enumerate(pairs)]
    reads = [(read, 15, 20 * place + 5) for place, (_, read) in enumerate(pairs) if read]
    page_truth, page_points = truth(image_id, *rows), points(image_id, *reads)
    score = score_page(page_truth, page_points)
    return PagePlan(image_id, "b", image_id, page_points, page_truth, score, judge_page(page_points, page_truth))


def test_no_pages_no_confusions():
    assert find_confusions([]) == ([], 0)


def test_right_and_missed_characters_are_none(points, truth):
    assert find_confusions([plan("p", points, truth, [(HA, HA), (KA, None)])]) == ([], 0)


def test_commonest_first_over_all_pages(points, truth):
    pages = [
        plan("p", points, truth, [(KA, NI), (HA, HO), (HA, HA)]),
        plan("q", points, truth, [(HA, HO), (NI, KA)]),
    ]
    confusions, kinds = find_confusions(pages)
    assert kinds == 3
    assert [(entry.truth, entry.read, entry.count, entry.annotated) for entry in confusions] == [
        (HA, HO, 2, 3),
        (KA, NI, 1, 1),
        (NI, KA, 1, 1),
    ]
    assert [(example.image_id, example.anchor) for example in confusions[0].examples] == [("p", "p1"), ("q", "p0")]
    assert confusions[0].examples[0].box == (10, 20, 20, 30)
    wanted = examples_by_page(confusions)
    assert {name: len(examples) for name, examples in wanted.items()} == {"p": 2, "q": 2}


def test_lists_and_examples_are_bounded(points, truth):
    page = plan("p", points, truth, [(HA, HO)] * (EXAMPLES + 5) + [(KA, NI)])
    confusions, kinds = find_confusions([page], most=1)
    assert kinds == 2
    assert [(entry.count, len(entry.examples)) for entry in confusions] == [(EXAMPLES + 5, EXAMPLES)]


def test_crops_of_one_page_have_names_of_their_own(points, truth):
    page = plan("p", points, truth, [(HA, HO), (HA, HO), (KA, NI)])
    names = [
        example.crop_name for examples in examples_by_page(find_confusions([page])[0]).values() for example in examples
    ]
    assert len(set(names)) == len(names) == 3
