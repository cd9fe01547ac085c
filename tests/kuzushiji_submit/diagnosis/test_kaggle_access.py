"""Credentials are found and never shown."""

import base64
import json

import pytest

from kuzushiji_submit.diagnosis.finding import Verdict
from kuzushiji_submit.diagnosis.kaggle_access import look_at_credentials

SECRET = "0123456789abcdef0123456789abcdef"
FORMS = (SECRET, SECRET[:12], base64.b64encode(SECRET.encode()).decode(), base64.b64encode(b"taro:" + SECRET.encode()))


def look(environ, home):
    (finding,) = look_at_credentials(environ, home)
    shown = f"{finding.found} {finding.advice}"
    assert not [form for form in FORMS if str(form) in shown]
    assert "taro" not in shown
    return finding


def test_without_any_it_is_said_how_to_give_some(tmp_path):
    finding = look({}, tmp_path)
    assert finding.verdict is Verdict.NOTE
    assert finding.found == "no credentials: only download, submit and kernel need them"
    assert "KAGGLE_API_TOKEN" in finding.advice


@pytest.mark.parametrize("name", ["access_token", "kaggle.json", "credentials.json"])
def test_a_file_is_named_and_not_shown(tmp_path, name):
    path = tmp_path / ".kaggle" / name
    path.parent.mkdir()
    record = {"username": "taro", "key": SECRET, "refresh_token": SECRET}
    path.write_text(SECRET if name == "access_token" else json.dumps(record))
    path.chmod(0o600)
    finding = look({}, tmp_path)
    assert finding.verdict is Verdict.OK
    assert finding.found == f"credentials in {path} (not tried, never shown)"
    path.chmod(0o644)
    finding = look({}, tmp_path)
    assert (finding.verdict, finding.advice) == (Verdict.NOTE, f"others can read them: chmod 600 {path}")


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"KAGGLE_API_TOKEN": SECRET}, "credentials in KAGGLE_API_TOKEN "),
        ({"KAGGLE_USERNAME": "taro", "KAGGLE_KEY": SECRET}, "credentials in KAGGLE_USERNAME and KAGGLE_KEY "),
        ({"KAGGLE_API_TOKEN": SECRET, "KAGGLE_USERNAME": "taro", "KAGGLE_KEY": SECRET}, "; not used: KAGGLE_USERNAME"),
        ({"KAGGLE_API_TOKEN": f'"{SECRET}"'}, "credentials that cannot be used: KAGGLE_API_TOKEN: is in quotes"),
        ({"KAGGLE_API_TOKEN": f"{SECRET}\nx"}, "cannot be used: KAGGLE_API_TOKEN: has a line end inside"),
        ({"KAGGLE_API_TOKEN": f"/{SECRET}"}, "KAGGLE_API_TOKEN: names a file that is not there"),
        ({"KAGGLE_KEY": SECRET}, "no credentials"),
        ({"KAGGLE_CONFIG_DIR": f"/nowhere/{SECRET}"}, "no credentials"),
        ({"https_proxy": f"http://taro:{SECRET}@127.0.0.1:1"}, "no credentials"),
    ],
)
def test_variables_are_named_and_not_shown(tmp_path, environ, found):
    assert found in look(environ, tmp_path).found


def test_a_file_that_cannot_be_used_is_not_shown(tmp_path):
    path = tmp_path / ".kaggle" / "kaggle.json"
    path.parent.mkdir()
    path.write_text(f'{{"username": "taro", "key": "{SECRET}"')
    assert look({}, tmp_path).found.startswith("no credentials")
