"""The learning rate finder's curve and what it suggests."""

import pytest

from kuzushiji_submit.core.training.lr_find import LrFindConfig, smooth, suggest

ALL = LrFindConfig(skip_start=0, skip_end=0)


@pytest.mark.parametrize(
    ("losses", "smoothed"), [([], ()), ([3.0], (3.0,)), ([2.0, 2.0, 2.0], (2.0, 2.0, 2.0)), ([0.0, 1.99], (0.0, 1.005))]
)
def test_smoothing_does_not_start_at_nothing(losses: list[float], smoothed: tuple[float, ...]) -> None:
    assert smooth(losses) == pytest.approx(smoothed, abs=1e-3)


@pytest.mark.parametrize(
    ("losses", "search", "expected"),
    [
        ([], ALL, None),
        ([1.0], ALL, None),
        ([9.0, 9.0, 8.0, 4.0, 3.5, 9.0], ALL, 2),
        ([9.0, 1.0, 0.9, 0.7, 0.2, 0.1], LrFindConfig(skip_start=2, skip_end=0), 3),
        ([9.0, 8.9, 8.0, 7.0, 1.0, 0.0], LrFindConfig(skip_start=0, skip_end=2), 3),
        ([9.0, 8.0, 2.0, 2.0, float("nan"), float("inf")], ALL, 1),
        ([9.0, 8.0, 7.0], LrFindConfig(skip_start=2, skip_end=1), None),
    ],
    ids=["empty", "one", "steepest", "skip-start", "skip-end", "not-finite", "all-skipped"],
)
def test_suggestion_is_where_the_loss_falls_fastest(
    losses: list[float], search: LrFindConfig, expected: float | None
) -> None:
    assert suggest(range(len(losses)), losses, search) == expected
