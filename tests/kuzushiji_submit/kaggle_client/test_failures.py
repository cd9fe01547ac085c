"""What the worker reports, as named errors with what to do."""

import errno
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from kuzushiji_submit.core.errors import (
    CredentialsError,
    KaggleAccessError,
    KaggleBusyError,
    KaggleError,
    KaggleNotFoundError,
    KaggleRefusedError,
    OutputError,
)
from kuzushiji_submit.kaggle_client.failures import name_failure, read_retry_after


def record(**more):
    return {"type": "HTTPError", "message": "said", "network": True, "step": "X", **more}


@pytest.mark.parametrize(
    ("failure", "kind", "text"),
    [
        (record(status=400), KaggleRefusedError, "w: said (status 400): correct what it names"),
        (record(status=403), KaggleAccessError, "w: said (status 403): check that the account may do this"),
        (record(status=404), KaggleNotFoundError, "w: said (status 404): check the name"),
        (record(status=408), KaggleBusyError, "w: said (status 408): correct what it names"),
        (record(status=502), KaggleBusyError, "w: said (status 502): trouble on Kaggle's side"),
        (record(status=403, step="GET"), KaggleBusyError, "w: said (status 403): the address of the file may have"),
        (record(status=404, reply="the  reply"), KaggleNotFoundError, "w: the reply (status 404)"),
        (record(), KaggleBusyError, "w: no answer from Kaggle (said): check the network"),
        (record(type="SSLError"), KaggleError, "name its file in REQUESTS_CA_BUNDLE"),
        (record(network=False, type="ValueError"), KaggleRefusedError, "w: said: correct what it names"),
        (record(network=False, errno=errno.ENOSPC), OutputError, "w: no space left on the disk: free some"),
        (record(network=False, errno=errno.EACCES), OutputError, "w: said: check the place and its rights"),
        (record(network=False, type="ModuleNotFoundError"), KaggleError, "cannot be loaded (said): pip install"),
        (record(network=False, type="SystemExit"), CredentialsError, "no Kaggle credentials"),
    ],
)
def test_each_has_its_name(failure, kind, text, monkeypatch, tmp_path):
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_CONFIG_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    error = name_failure("w", failure, {})
    assert type(error) is kind
    assert text in str(error)


def test_better_advice_goes_first():
    error = name_failure("w", record(status=403, retry_after="5"), {403: "ask"})
    assert str(error) == "w: said (status 403): ask"
    assert (error.status, error.step, error.retry_after) == (403, "X", 5.0)


@pytest.mark.parametrize(
    ("value", "seconds"), [(None, None), ("", None), ("soon", None), ("0", 0.0), ("1.5", 1.5), ("-3", 0.0)]
)
def test_retry_after(value, seconds):
    assert read_retry_after(value) == seconds


def test_retry_after_may_be_a_date():
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 50 < read_retry_after(in_a_minute) <= 60
    assert read_retry_after("Thu, 18 Jul 2019 18:20:00 GMT") == 0.0
    assert read_retry_after("Thu, 18 Jul 2019 18:20:00 -0000") == 0.0
