"""What a kernel is told, and what it refuses to be told."""

import pytest

from kuzushiji_submit.core.errors import DurationError, KernelError
from kuzushiji_submit.kaggle_kernels.kernel_settings import RunSettings
from kuzushiji_submit.kaggle_kernels.run_kernel import read_run_settings


def test_nothing_said_is_the_default():
    assert read_run_settings({}) == RunSettings()


def test_lists_become_tuples_and_survive_the_way_through_the_code_file():
    arguments = {"predict": ["--set", "min_score=0"]}
    settings = read_run_settings({"steps": ["predict"], "arguments": arguments, "shares": {"detector": 0.5}})
    assert settings.steps == ("predict",)
    assert settings.arguments == {"predict": ("--set", "min_score=0")}
    assert settings.shares == {"detector": 0.5}
    assert read_run_settings(vars(settings)) == settings


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"budget": "8h"}, "unknown key budget: did you mean time_budget"),
        ({"time_budget": 8}, "time_budget must be str, not 8"),
        ({"steps": ["submit"]}, "steps: unknown step 'submit': the steps are detector, recognizer, "),
        ({"shares": {"submit": 0.5}}, "shares: unknown step 'submit'"),
        ({"configs": {"submit": ""}}, "configs: unknown step 'submit'"),
        ({"arguments": {"submit": []}}, "arguments: unknown step 'submit'"),
        ({"arguments": {"predict": "--set"}}, "arguments"),
        ({"shares": {"detector": 0.0}}, "shares above 0"),
        ({"folds": 1}, "no fold 0 of 1"),
        ({"folds": 5, "fold": 5}, "no fold 5 of 5"),
        ({"fold": 1}, "no fold 1 of 0"),
        ({"folds": -1}, "no fold 0 of -1"),
        ({"shards": 0}, "shards of at least 1"),
        ({"report_pages": -1}, "report_pages of at least 0"),
        ({"time_budget": "10m", "reserve": "10m"}, "leaves nothing"),
    ],
)
def test_what_is_wrong_is_named(values, message):
    with pytest.raises(KernelError, match=message):
        read_run_settings(values)


@pytest.mark.parametrize("key", ["time_budget", "reserve"])
def test_a_time_that_is_none(key):
    with pytest.raises(DurationError, match="write hours"):
        read_run_settings({key: "soon"})
