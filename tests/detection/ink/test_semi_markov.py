import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from detection.ink.semi_markov import Graph, expected_hits, likeliest_extents, marginals, sums

Edge = tuple[int, int]


def graph_of(columns: list[list[Edge]], pieces: list[int]) -> Graph:
    edges = [(number, begin, end) for number, column in enumerate(columns) for begin, end in column]
    table = np.array(edges, np.int64).reshape(-1, 3)
    return Graph(table[:, 0], table[:, 1], table[:, 2], np.array(pieces))


def segmentations(edges: list[Edge], pieces: int) -> list[tuple[int, ...]]:
    """Every set of disjoint edges, the brute way."""
    out = []
    for size in range(pieces + 1):
        for chosen in itertools.combinations(range(len(edges)), size):
            ordered = sorted(edges[k] for k in chosen)
            if all(a[1] <= b[0] for a, b in itertools.pairwise(ordered)):
                out.append(chosen)
    return out


@given(st.integers(1, 4), st.data())
@examples(60)
def test_marginals_agree_with_counting_all_segmentations(pieces: int, data: st.DataObject) -> None:
    every = [(a, b) for a in range(pieces) for b in range(a + 1, pieces + 1)]
    edges = data.draw(st.lists(st.sampled_from(every), min_size=1, unique=True))
    numbers = st.floats(-3, 3)
    potential = np.array(data.draw(st.lists(numbers, min_size=len(edges), max_size=len(edges))))
    skip = np.array([data.draw(st.lists(numbers, min_size=pieces, max_size=pieces))])
    weights = {}
    for chosen in segmentations(edges, pieces):
        covered = {piece for k in chosen for piece in range(*edges[k])}
        left = sum(skip[0, piece] for piece in range(pieces) if piece not in covered)
        weights[chosen] = np.exp(potential[list(chosen)].sum() + left)
    total = sum(weights.values())
    graph = graph_of([edges], [pieces])
    assert sums(graph, potential, skip)[2][0] == pytest.approx(np.log(total))
    for k, found in enumerate(marginals(graph, potential, skip)):
        assert found == pytest.approx(sum(w for chosen, w in weights.items() if k in chosen) / total)


def test_columns_of_different_length_do_not_mix() -> None:
    short, long = [(0, 1)], [(0, 1), (1, 3), (0, 3)]
    potential = np.array([0.5, 1.0, -1.0, 0.3])
    skip = np.array([[0.2, 0, 0], [0.1, -0.4, 0.3]])
    both = marginals(graph_of([short, long], [1, 3]), potential, skip)
    assert both[:1] == pytest.approx(marginals(graph_of([short], [1]), potential[:1], skip[:1, :1]))
    assert both[1:] == pytest.approx(marginals(graph_of([long], [3]), potential[1:], skip[1:]))


def test_a_forbidden_candidate_has_no_share() -> None:
    graph = graph_of([[(0, 1), (0, 2)]], [2])
    assert marginals(graph, np.array([-np.inf, 0.0]), np.zeros((1, 2))) == pytest.approx([0, 0.5])


def test_large_potentials_do_not_overflow() -> None:
    graph = graph_of([[(0, 1), (1, 2)]], [2])
    assert marginals(graph, np.array([900.0, -900.0]), np.zeros((1, 2))) == pytest.approx([1, 0])


def choose(rows: list[tuple[float, float, float]], least: float = 0.3) -> list[int]:
    """Candidates (top, bottom, probability), their cuts at whole rows; what is chosen."""
    table = np.array(rows, np.float64).reshape(-1, 3)
    boxes = np.stack([np.zeros(len(table)), table[:, 0], np.full(len(table), 10.0), table[:, 1]], axis=1)
    begin, end = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    chosen, scores = expected_hits(boxes.astype(np.float32), begin, end, table[:, 2], least)
    assert ((scores >= 0) & (scores <= 1)).all()
    return chosen.tolist()


def test_nothing_likely_nothing_chosen() -> None:
    assert choose([]) == []
    assert choose([(0, 10, 0.001), (10, 20, 0.1)]) == []


def test_likely_disjoint_candidates_are_all_chosen_in_order() -> None:
    assert choose([(20, 30, 0.9), (0, 10, 0.8), (10, 20, 0.7)]) == [1, 2, 0]


def test_candidates_of_one_character_share_their_probability() -> None:
    assert len(choose([(0, 10, 0.25), (1, 10, 0.25), (0, 9, 0.25)], least=0.4)) == 1


def test_two_halves_of_a_likely_whole_are_not_both_chosen() -> None:
    assert len(choose([(0, 10, 0.8), (0, 5, 0.15), (5, 10, 0.15)])) == 1
    assert choose([(0, 10, 0.15), (0, 5, 0.8), (5, 10, 0.8)]) == [1, 2]


def test_the_extent_is_the_likeliest_around_a_place() -> None:
    boxes = np.array([[0, 0, 9, 30], [0, 10, 9, 20], [0, 0, 9, 28], [0, 40, 9, 60]], np.float32)
    probability = np.array([0.4, 0.2, 0.4, 0.9])
    assert likeliest_extents(boxes, probability, np.array([], np.intp)).tolist() == []
    # The middle piece is the place; the whole character, in either of its two guises, is the extent.
    assert likeliest_extents(boxes, probability, np.array([1, 3])).tolist() == [2, 3]
    assert likeliest_extents(boxes, np.zeros(4), np.array([3])).tolist() == [3]
