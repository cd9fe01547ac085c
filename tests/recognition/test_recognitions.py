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
