import pytest

from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.page.ink import InkConfig
from kuzushiji_submit.core.page.same_ink import require_trained_ink


def test_an_ink_that_was_not_trained_on_is_refused() -> None:
    require_trained_ink(InkConfig(), InkConfig(), "the page's ink")
    with pytest.raises(WeightsError, match=r"the page's ink is not the ink .* trained on \(floor 0\.7, not 0\.25\)"):
        require_trained_ink(InkConfig(floor=0.7), InkConfig(), "the page's ink")
