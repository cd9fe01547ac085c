"""Settings of context."""

import pytest

from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.reading.context.config import DEFAULT_WEIGHT, ContextConfig


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


@pytest.mark.parametrize(
    ("weight", "chosen", "expected"),
    [(None, None, DEFAULT_WEIGHT), (None, 0.0, 0.0), (None, 0.3, 0.3), (0.5, 0.3, 0.5)],
)
def test_settings_go_before_what_was_chosen_for_a_reader(weight, chosen, expected):
    assert ContextConfig(weight=weight).with_weight(chosen).weight == expected
