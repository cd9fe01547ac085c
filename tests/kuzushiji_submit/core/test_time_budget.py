"""Durations in words, and the clock against them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuzushiji_submit.core import time_budget
from kuzushiji_submit.core.errors import ConfigError, DurationError
from kuzushiji_submit.core.time_budget import TimeBudget, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("90m", 5400),
        ("8h", 28800),
        (" 8H ", 28800),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("1h0.5m2s", 3632),
        ("0h1s", 1),
    ],
)
def test_durations(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", " ", "8", "h", "0s", "0h0m", "-1h", "1m1h", "1h 30m", "8hours", "1e3s", "infh", "nans", "1.h", "８h"]
)
def test_what_is_no_duration_is_named(text):
    with pytest.raises(DurationError, match="write hours, minutes and seconds") as error:
        parse_duration(text)
    assert repr(text) in str(error.value)
    assert isinstance(error.value, ConfigError)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_hours_minutes_and_seconds_add_up(hours, minutes, seconds):
    text = f"{hours}h{minutes}m{seconds}s"
    expected = 3600 * hours + 60 * minutes + seconds
    if expected:
        assert parse_duration(text) == expected
    else:
        with pytest.raises(DurationError):
            parse_duration(text)


@given(st.text(max_size=12))
def test_any_text_is_a_positive_time_or_a_named_error(text):
    try:
        assert 0 < parse_duration(text) < float("inf")
    except DurationError:
        assert not re.fullmatch(r"[1-9]\d*[hms]", text, re.ASCII)


def test_the_clock_runs_from_the_beginning(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time_budget.time, "monotonic", lambda: now[0])
    budget = TimeBudget(30)
    assert (budget.remaining, budget.used_up) == (30, False)
    now[0] = 129.0
    assert (budget.remaining, budget.used_up) == (1, False)
    now[0] = 131.0
    assert (budget.remaining, budget.used_up) == (-1, True)
