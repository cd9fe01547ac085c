"""Pauses and limits, on a clock that is set by hand."""

import pytest

from kuzushiji_submit.core.errors import KaggleBusyError, KaggleRefusedError
from kuzushiji_submit.kaggle_client.waiting import keep_trying, polls


def failing(*errors):
    left = list(errors)

    def call():
        if left:
            raise left.pop(0)
        return "done"

    return call


def busy(retry_after=None):
    return KaggleBusyError("w: said: do", retry_after=retry_after)


def test_pauses_grow_and_the_servers_wish_goes_first(pauses):
    assert keep_trying(failing()) == "done"
    assert pauses == []
    assert keep_trying(failing(busy(), busy(), busy(7.0), busy())) == "done"
    assert pauses == [2.0, 4.0, 7.0, 16.0]


def test_gives_up_after_five_without_progress(pauses):
    with pytest.raises(KaggleBusyError):
        keep_trying(failing(*[busy()] * 5))
    assert len(pauses) == 4


def test_progress_makes_a_failure_the_first_again(pauses):
    sizes = iter([0, 10, 20, 30, 40, 50, 60])
    assert keep_trying(failing(*[busy()] * 6), lambda: next(sizes)) == "done"
    assert pauses == [2.0] * 6


def test_what_is_not_busy_is_not_tried_again(pauses):
    with pytest.raises(KaggleRefusedError):
        keep_trying(failing(KaggleRefusedError("no")))
    with pytest.raises(KaggleBusyError):
        keep_trying(failing(busy(retry_after=301.0)))
    assert pauses == []


@pytest.mark.parametrize(
    ("seconds", "gone"),
    [(0.0, [0.0]), (5.0, [0.0, 5.0]), (20.0, [0.0, 5.0, 12.5, 20.0]), (30.0, [0, 5, 12.5, 22.5, 30])],
)
def test_polls_come_at_growing_intervals_and_once_at_the_end(seconds, gone):
    assert list(polls(seconds, 5.0, 10.0)) == gone
