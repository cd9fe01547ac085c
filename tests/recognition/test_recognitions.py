import numpy as np
import pytest

from recognition.recognitions import Recognitions


def make(*rows: tuple[int, float]) -> Recognitions:
    ids = np.array([[row[0]] for row in rows], np.int64).reshape(-1, 1)
    return Recognitions(ids, np.array([[row[1]] for row in rows], np.float32).reshape(-1, 1))


def test_empty_has_room_for_its_alternatives() -> None:
    empty = Recognitions.empty(5)
    assert len(empty) == 0
    assert empty.top_ids.shape == (0, 5)
    assert empty.class_ids.shape == (0,)


@pytest.mark.parametrize("shape", [(2,), (3, 5), (2, 4)])
def test_shapes_must_agree(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(N, K\)"):
        Recognitions(np.zeros((2, 5), np.int64), np.zeros(shape, np.float32))


def test_concatenate_nothing() -> None:
    assert Recognitions.concatenate([], 3).top_ids.shape == (0, 3)


def test_parts_of_a_concatenation_are_what_went_in() -> None:
    first, second = make((1, 0.5)), make((2, 0.25), (3, 0.75))
    together = Recognitions.concatenate([first, Recognitions.empty(1), second], 1)
    assert together.class_ids.tolist() == [1, 2, 3]


def test_embeddings_go_along_where_every_part_has_them() -> None:
    ids, scores = np.zeros((2, 1), np.int64), np.zeros((2, 1), np.float32)
    one = Recognitions(ids, scores, np.array([[1, 2], [3, 4]], np.float32))
    both = Recognitions.concatenate([one, one.select(slice(1))], 1)
    assert both.embeddings is not None
    assert both.embeddings.tolist() == [[1, 2], [3, 4], [1, 2]]
    assert both.select(np.array([2, 0])).top_ids.shape == (2, 1)
    assert Recognitions.concatenate([one, Recognitions(ids, scores)], 1).embeddings is None
    with pytest.raises(ValueError, match=r"embeddings must have shape \(2, D\)"):
        Recognitions(ids, scores, np.zeros((3, 2), np.float32))
