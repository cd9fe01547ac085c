"""Two readers' scores of the same crops become one."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recognition.join_opinions import join_opinions
from recognition.opinions import Opinions

CROPS, CLASSES = 3, 4
SHARES = st.floats(0, 1)


def logits_of(classes: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float32, (CROPS, classes), elements=st.floats(-30, 30, width=32))


def scores(logits: torch.Tensor) -> torch.Tensor:
    return logits.softmax(dim=1)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=r"share must lie in 0\.\.1"):
        Opinions(np.zeros((0, 4)), share)


@pytest.mark.parametrize("outputs", [CLASSES, CLASSES + 1])
def test_no_crops(outputs: int) -> None:
    joined = join_opinions(torch.zeros(0, outputs), Opinions(np.zeros((0, CLASSES), np.float16), 0.5))
    assert joined.shape == (0, outputs)


def test_opinions_of_some_crops() -> None:
    said = Opinions(np.arange(12.0).reshape(6, 2), 0.25).select(slice(2, 4))
    assert (said.logits.tolist(), said.share) == ([[4, 5], [6, 7]], 0.25)


def test_two_alike_readers_with_a_half_each() -> None:
    """The geometric mean of 0.8 to 0.2 and 0.5 to 0.5 is 2 to 1."""
    joined = join_opinions(torch.log(torch.tensor([[0.8, 0.2]])), Opinions(np.zeros((1, 2)), 0.5))
    torch.testing.assert_close(scores(joined), torch.tensor([[2 / 3, 1 / 3]]))


def test_not_a_character_stays_as_likely_beside_all_characters() -> None:
    own = torch.log(torch.tensor([[0.4, 0.1, 0.5]]))
    joined = scores(join_opinions(own, Opinions(np.array([[0.0, 9.0]], np.float16), 1.0)))
    torch.testing.assert_close(joined[0, 2], torch.tensor(0.5))
    assert joined[0, 1] > 0.499


@given(own=logits_of(CLASSES + 1), other=logits_of(CLASSES))
def test_without_a_share_nothing_changes(own: np.ndarray, other: np.ndarray) -> None:
    joined = join_opinions(torch.from_numpy(own), Opinions(other, 0.0))
    torch.testing.assert_close(joined, torch.from_numpy(own), rtol=1e-5, atol=1e-4)


@given(own=logits_of(CLASSES), other=logits_of(CLASSES))
def test_with_all_of_it_the_other_alone_counts(own: np.ndarray, other: np.ndarray) -> None:
    joined = join_opinions(torch.from_numpy(own), Opinions(other, 1.0))
    torch.testing.assert_close(scores(joined), scores(torch.from_numpy(other)), rtol=1e-4, atol=1e-5)


@given(own=logits_of(CLASSES + 1), other=logits_of(CLASSES), share=SHARES)
def test_what_is_no_character_keeps_its_score(own: np.ndarray, other: np.ndarray, share: float) -> None:
    before, after = torch.from_numpy(own), join_opinions(torch.from_numpy(own), Opinions(other, share))
    torch.testing.assert_close(scores(after)[:, -1], scores(before)[:, -1], rtol=1e-3, atol=1e-5)


@given(own=logits_of(CLASSES), other=logits_of(CLASSES), share=SHARES, moved=st.floats(-9, 9, width=32))
def test_where_a_softmax_begins_does_not_matter(own: np.ndarray, other: np.ndarray, share: float, moved: float) -> None:
    joined = join_opinions(torch.from_numpy(own), Opinions(other, share))
    elsewhere = join_opinions(torch.from_numpy(own), Opinions(other + np.float32(moved), share))
    torch.testing.assert_close(scores(joined), scores(elsewhere), rtol=1e-3, atol=1e-4)


@given(own=logits_of(CLASSES + 1), other=logits_of(CLASSES), share=SHARES, order=st.permutations(range(CLASSES)))
def test_classes_in_another_order_are_joined_alike(
    own: np.ndarray, other: np.ndarray, share: float, order: list[int]
) -> None:
    joined = join_opinions(torch.from_numpy(own), Opinions(other, share))
    permuted = join_opinions(torch.from_numpy(own[:, [*order, CLASSES]]), Opinions(other[:, order], share))
    torch.testing.assert_close(permuted, joined[:, [*order, CLASSES]], rtol=1e-4, atol=1e-4)
