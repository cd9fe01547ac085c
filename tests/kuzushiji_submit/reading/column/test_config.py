"""Settings of the column model."""

import math

import pytest

from kuzushiji_submit.core.errors import ConfigError
from kuzushiji_submit.core.settings import read_settings
from kuzushiji_submit.reading.column.config import WEIGHT_ALONE, WEIGHT_BESIDE_PRIOR, ColumnConfig
from kuzushiji_submit.reading.context.config import DEFAULT_WEIGHT, ContextConfig


@pytest.mark.parametrize("weight", [-0.1, math.nan, math.inf])
def test_out_of_range(weight):
    with pytest.raises(ConfigError, match=r"column\.weight must be a number that is not negative"):
        read_settings(ColumnConfig(), None, [f"weight={weight}"])


@pytest.mark.parametrize(
    ("column", "context", "beside", "alone"),
    [
        ({}, {}, WEIGHT_BESIDE_PRIOR, WEIGHT_ALONE),
        ({}, {"weight": DEFAULT_WEIGHT}, WEIGHT_BESIDE_PRIOR, WEIGHT_ALONE),
        ({}, {"weight": DEFAULT_WEIGHT / 2}, WEIGHT_BESIDE_PRIOR / 2, WEIGHT_ALONE / 2),
        ({}, {"weight": 0.0}, 0, 0),  # a reader that the text would only hurt
        ({"weight": 0.5}, {"weight": 0.2}, 0.5, 0.5),
        ({"weight": 0.5}, {"weight": 0.0}, 0.5, 0.5),  # the column model alone
        ({"weight": 0.0}, {}, 0, 0),
        ({"enabled": False}, {}, 0, 0),
        ({"enabled": False, "weight": 0.5}, {}, 0, 0),
        ({}, {"enabled": False}, 0, 0),
        ({"weight": 0.5}, {"enabled": False}, 0, 0),
    ],
)
def test_the_weight_follows_that_of_the_text(column, context, beside, alone):
    config, text = ColumnConfig(**column), ContextConfig(**context)
    assert config.weight_for(text, beside_prior=True) == pytest.approx(beside)
    assert config.weight_for(text, beside_prior=False) == pytest.approx(alone)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_of_the_prior_lies_between_nothing_and_all(share):
    with pytest.raises(ConfigError, match=r"column\.prior_share"):
        ColumnConfig(prior_share=share)
