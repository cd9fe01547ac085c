import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.reading.book_hand import HandConfig, packed, read_books_in_hand, read_in_hand, windows
from recognition.recognitions import Recognitions

CONFIG = HandConfig(trust=1.0)


def readings(ids: list[list[int]], scores: list[list[float]], embeddings: list[list[float]] | None) -> Recognitions:
    return Recognitions(
        np.array(ids, np.int64).reshape(len(ids), -1),
        np.array(scores, np.float32).reshape(len(scores), -1),
        None if embeddings is None else np.array(embeddings, np.float32),
    )


# Three sure crops of class 0 lie one way, three of class 1 the other; the last looks like class 0 but leans to 1.
HANDS = readings(
    [[0, 1]] * 3 + [[1, 0]] * 4,
    [[0.9, 0.05]] * 6 + [[0.45, 0.4]],
    [[1.0, 0.1], [1.0, -0.1], [0.9, 0.0], [-1.0, 0.1], [-1.0, -0.1], [-0.9, 0.0], [0.95, 0.05]],
)


def test_an_unsure_crop_is_read_as_those_that_look_like_it() -> None:
    read = read_in_hand(HANDS, CONFIG)
    assert read.class_ids.tolist() == [0, 0, 0, 1, 1, 1, 0]
    assert HANDS.class_ids[-1] == 1
    assert read.embeddings is None


@pytest.mark.parametrize(
    ("read", "config"),
    [
        (Recognitions.empty(3), CONFIG),
        (readings([[0, 1]], [[0.6, 0.4]], None), CONFIG),
        (HANDS, HandConfig(enabled=False)),
        (HANDS, HandConfig(weight=0)),
        (HANDS, HandConfig(least_score=1.0)),  # nothing is sure enough to teach
        (readings([[0, 1]], [[0.6, 0.4]], [[1.0, 2.0]]), CONFIG),  # nothing beside itself
        (readings([[0, 1], [0, 1]], [[0.6, 0.4]] * 2, [[1.0, 2.0]] * 2), CONFIG),  # crops that do not differ
    ],
)
def test_what_has_nothing_to_learn_from_stays(read: Recognitions, config: HandConfig) -> None:
    after = read_in_hand(read, config)
    np.testing.assert_array_equal(after.top_ids, read.top_ids)
    np.testing.assert_allclose(after.top_scores, read.top_scores, rtol=1e-6)


def test_a_crop_does_not_teach_itself() -> None:
    # The first crop alone is read as class 0; would it teach itself, it would look just like class 0.
    alone = readings(
        [[0, 1, 2], [1, 0, 2], [1, 0, 2], [2, 0, 1]],
        [[0.55, 0.3, 0.1], [0.9, 0.02, 0.02], [0.9, 0.02, 0.02], [0.9, 0.02, 0.02]],
        [[1.0, 0.0], [1.0, 0.1], [1.0, -0.1], [-3.0, 0.0]],
    )
    assert read_in_hand(alone, HandConfig(trust=0.0, rounds=1)).class_ids[0] == 1


@given(
    st.integers(1, 12).flatmap(
        lambda count: st.tuples(
            st.lists(st.permutations(range(4)), min_size=count, max_size=count),
            st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=count, max_size=count),
            st.lists(st.lists(st.floats(-5, 5), min_size=3, max_size=3), min_size=count, max_size=count),
        )
    ),
    st.floats(0, 50),
)
def test_whatever_is_read_the_same_readings_share_the_same_score(
    drawn: tuple[list[list[int]], list[list[float]], list[list[float]]], weight: float
) -> None:
    scores = -np.sort(-np.array(drawn[1]), axis=1) / 4
    read = readings(drawn[0], scores.tolist(), drawn[2])
    after = read_in_hand(read, HandConfig(weight=weight))
    np.testing.assert_array_equal(np.sort(after.top_ids, axis=1), np.sort(read.top_ids, axis=1))
    np.testing.assert_allclose(after.top_scores.sum(axis=1), read.top_scores.sum(axis=1), rtol=1e-4, atol=1e-6)
    assert (np.diff(after.top_scores, axis=1) <= 0).all()


def test_books_are_read_apart_and_stay_in_their_order() -> None:
    parts = [HANDS.select(rows) for rows in (np.arange(3), np.arange(3, 6), np.arange(6, 7))]
    mixed = read_books_in_hand(["a_1", "b_1", "a_2"], parts, CONFIG)
    together = read_in_hand(Recognitions.concatenate([parts[0], parts[2]], 2), CONFIG)
    np.testing.assert_array_equal(np.concatenate([mixed[0].top_ids, mixed[2].top_ids]), together.top_ids)
    assert [len(page) for page in mixed] == [3, 3, 1]
    whole = read_books_in_hand(["a_1", "a_2", "a_3"], parts, CONFIG)
    assert whole[2].class_ids.tolist() == [0]


def test_pages_without_characters_are_read_with_the_rest() -> None:
    empty = Recognitions(np.zeros((0, 2), np.int64), np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32))
    read = read_books_in_hand(["a_1", "a_2"], [empty, HANDS], CONFIG)
    assert [len(page) for page in read] == [0, 7]
    assert read[1].class_ids[-1] == 0
    assert read_books_in_hand([], [], CONFIG) == []


@pytest.mark.parametrize(
    ("image_ids", "expected"),
    [
        ([], []),
        (["a_1"], [["a_1"]]),
        (["a_1", "a_2", "a_3", "b_1"], [["a_1", "a_2"], ["a_3"], ["b_1"]]),
        (["a_1", "b_1", "a_2"], [["a_1", "a_2"], ["b_1"]]),
        (["test_1a", "test_1b"], [["test_1a"], ["test_1b"]]),  # the competition does not tell their books
    ],
)
def test_windows(image_ids: list[str], expected: list[list[str]]) -> None:
    assert windows(image_ids, 2) == expected


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([], []),
        ([["test_1"], ["test_2"], ["test_3"]], [["test_1", "test_2"], ["test_3"]]),
        ([["a_1", "a_2"], ["a_3"], ["b_1"]], [["a_1", "a_2"], ["a_3", "b_1"]]),
        ([["a_1", "a_2", "a_3"], ["b_1"]], [["a_1", "a_2", "a_3"], ["b_1"]]),
    ],
)
def test_packed(pieces: list[list[str]], expected: list[list[str]]) -> None:
    assert packed(pieces, 2) == expected


@given(st.lists(st.sampled_from([f"{book}_{page}" for book in "abc" for page in range(5)]), unique=True), st.data())
def test_some_windows_give_themselves_again(image_ids: list[str], data: st.DataObject) -> None:
    whole = windows(image_ids, 2)
    kept = [window for window in whole if data.draw(st.booleans())]
    assert windows([image_id for window in kept for image_id in window], 2) == kept
    assert sorted(image_id for window in whole for image_id in window) == sorted(image_ids)


@pytest.mark.parametrize("values", [{"weight": -1}, {"trust": -1}, {"least_score": 2}, {"rounds": 0}, {"pages": 0}])
def test_refuses_settings_out_of_range(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        HandConfig(**values)  # type: ignore[arg-type]
