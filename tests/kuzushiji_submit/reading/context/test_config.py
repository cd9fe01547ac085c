"""Settings of context."""

import pytest

from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.reading.context.config import ContextConfig


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": -0.1},
        {"prior_discount": -0.1},
        {"prior_discount": 2.1},
        {"alternatives": 0},
        {"beam": 0},
        {"least_share": -0.1},
        {"least_share": 1.1},
    ],
)
def test_out_of_range(wrong):
    with pytest.raises(ValueError, match="context"):
        ContextConfig(**wrong)


@pytest.mark.parametrize(
    ("assignments", "expected"), [([], True), (["enabled=false"], False), (["weight=0"], False), (["skip=none"], True)]
)
def test_what_turns_it_off(assignments, expected):
    assert read_settings(ContextConfig(), None, assignments).changes_something is expected
