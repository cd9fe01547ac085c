"""What a kernel is told, and what it refuses to be told."""

import pytest

from kuzushiji_submit.core.errors import DurationError, KernelError
from kuzushiji_submit.kaggle_kernels.kernel_settings import RunSettings, read_run_settings


def test_nothing_said_is_the_default():
    assert read_run_settings({}) == RunSettings()


def test_lists_become_tuples_and_survive_the_way_through_the_code_file():
    settings = read_run_settings({"steps": ["predict"], "predict": ["--set", "min_score=0"], "detector_share": 0.5})
    assert settings.steps == ("predict",)
    assert settings.predict == ("--set", "min_score=0")
    assert read_run_settings(vars(settings)) == settings


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"budget": "8h"}, "unknown key budget: did you mean time_budget"),
        ({"time_budget": 8}, "time_budget must be str, not 8"),
        ({"predict": "--set"}, "predict must be a list of str, not '--set'"),
        ({"steps": ["submit"]}, "unknown step 'submit'"),
        ({"detector_share": 0.0}, "detector_share between 0 and 1"),
        ({"detector_share": 1.0}, "detector_share between 0 and 1"),
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
