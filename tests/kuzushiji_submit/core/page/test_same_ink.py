import pytest

from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.lines import LineConfig
from kuzushiji_submit.core.page.same_ink import ink_difference, require_trained_ink


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (InkConfig(), ""),
        (InkConfig(floor=0.7), "floor 0.7, not 0.25"),
        (
            InkConfig(remove_lines=False, lines=LineConfig(level=50)),
            "remove_lines False, not True, lines.level 50, not 40",
        ),
    ],
)
def test_differences_are_named(found: InkConfig, expected: str) -> None:
    assert ink_difference(found, InkConfig()) == expected


def test_an_ink_that_was_not_trained_on_is_refused() -> None:
    require_trained_ink(InkConfig(), InkConfig(), "the page's ink")
    with pytest.raises(WeightsError, match=r"the page's ink is not the ink .* trained on \(floor 0\.7, not 0\.25\)"):
        require_trained_ink(InkConfig(floor=0.7), InkConfig(), "the page's ink")
