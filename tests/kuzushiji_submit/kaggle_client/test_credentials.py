"""Every way of giving credentials, in the client's order."""

import json

import pytest

from kuzushiji_submit.kaggle_client.credentials import find_credentials, home_folder, why_unfit
from kuzushiji_submit.kaggle_client.failures import missing_credentials

KEY = json.dumps({"username": "tester", "key": "secret"})


@pytest.mark.parametrize(
    ("environ", "files", "sources"),
    [
        ({}, {}, ()),
        ({"KAGGLE_USERNAME": "tester"}, {}, ()),
        ({"KAGGLE_USERNAME": "tester", "KAGGLE_KEY": "secret"}, {}, ("KAGGLE_USERNAME and KAGGLE_KEY",)),
        ({"KAGGLE_API_TOKEN": "KGAT_1"}, {}, ("KAGGLE_API_TOKEN",)),
        ({"KAGGLE_API_TOKEN": "x" * 5000}, {}, ("KAGGLE_API_TOKEN",)),
        ({"KAGGLE_API_TOKEN": "HOME/token"}, {"token": "KGAT_1\n"}, ("the file HOME/token",)),
        ({}, {".kaggle/access_token": "KGAT_1"}, ("HOME/.kaggle/access_token",)),
        ({}, {".kaggle/access_token.txt": "KGAT_1"}, ("HOME/.kaggle/access_token.txt",)),
        ({}, {".kaggle/kaggle.json": KEY}, ("HOME/.kaggle/kaggle.json",)),
        ({}, {".config/kaggle/kaggle.json": KEY}, ("HOME/.config/kaggle/kaggle.json",)),
        ({"XDG_CONFIG_HOME": "HOME/xdg"}, {"xdg/kaggle/kaggle.json": KEY}, ("HOME/xdg/kaggle/kaggle.json",)),
        ({"KAGGLE_CONFIG_DIR": "HOME/mine"}, {"mine/kaggle.json": KEY}, ("HOME/mine/kaggle.json",)),
        ({"KAGGLE_KEY": "k"}, {".kaggle/kaggle.json": '{"username": "t"}'}, ("HOME/.kaggle/kaggle.json",)),
        ({}, {".kaggle/credentials.json": '{"refresh_token": "r"}'}, ("HOME/.kaggle/credentials.json",)),
        (
            {"KAGGLE_USERNAME": "t", "KAGGLE_KEY": "k"},
            {".kaggle/access_token": "KGAT_stale", ".kaggle/kaggle.json": KEY},
            ("HOME/.kaggle/access_token", "KAGGLE_USERNAME and KAGGLE_KEY"),
        ),
    ],
)
def test_finds_what_the_client_would_use(tmp_path, environ, files, sources):
    found = find_credentials(*arrange(tmp_path, environ, files))
    assert found.sources == [source.replace("HOME", str(tmp_path)) for source in sources]
    assert found.broken == ""


NO_FILE = {"KAGGLE_API_TOKEN": "HOME/gone"}
BROKEN = "Kaggle credentials that cannot be used: "


@pytest.mark.parametrize(
    ("environ", "files", "fault"),
    [
        ({}, {}, "KAGGLE_API_TOKEN: not set"),
        ({}, {}, "HOME/.kaggle/access_token: not there"),
        ({}, {}, "HOME/.config/kaggle/kaggle.json: not there"),
        ({}, {}, "HOME/.kaggle/credentials.json: not there"),
        ({"KAGGLE_API_TOKEN": " \n"}, {}, "KAGGLE_API_TOKEN: empty"),
        ({"KAGGLE_USERNAME": "t"}, {}, "KAGGLE_USERNAME and KAGGLE_KEY: KAGGLE_KEY is not set"),
        ({}, {".kaggle/access_token": "\n"}, "HOME/.kaggle/access_token: empty"),
        ({}, {".kaggle/kaggle.json": "{"}, "HOME/.kaggle/kaggle.json: is no JSON"),
        ({}, {".kaggle/kaggle.json": "[]"}, "HOME/.kaggle/kaggle.json: is no JSON object such as"),
        ({}, {".kaggle/kaggle.json": '{"username": "t"}'}, "HOME/.kaggle/kaggle.json: without key"),
        ({}, {".kaggle/kaggle.json": KEY.encode("utf-16")}, "HOME/.kaggle/kaggle.json: is UTF-16"),
        ({}, {".kaggle/kaggle.json": b"\xef\xbb\xbf{}"}, "HOME/.kaggle/kaggle.json: begins with a byte-order mark"),
        ({}, {".kaggle/kaggle.json/x": ""}, "HOME/.kaggle/kaggle.json: a folder, not a file"),
        ({}, {".kaggle/kaggle.json.txt": KEY}, "HOME/.kaggle/kaggle.json: not there, but kaggle.json.txt is"),
        (
            {"KAGGLE_CONFIG_DIR": "HOME/kaggle.json"},
            {"kaggle.json": KEY},
            "HOME/kaggle.json/kaggle.json: HOME/kaggle.json is a file: KAGGLE_CONFIG_DIR must name the folder",
        ),
        ({}, {".kaggle/credentials.json": "{}"}, "HOME/.kaggle/credentials.json: without refresh_token"),
        ({"KAGGLE_API_TOKEN": "HOME/token"}, {"token": ""}, "the file HOME/token: empty"),
    ],
)
def test_every_place_says_why_it_gave_none(tmp_path, environ, files, fault):
    found = find_credentials(*arrange(tmp_path, environ, files))
    assert found.sources == []
    assert any(said.startswith(fault.replace("HOME", str(tmp_path))) for said in found.faults), found.faults
    assert fault.replace("HOME", str(tmp_path)) in str(missing_credentials(found))


@pytest.mark.parametrize(
    ("environ", "files", "fault"),
    [
        ({"KAGGLE_API_TOKEN": "KGAT_1\nKGAT_2"}, {}, "KAGGLE_API_TOKEN: has a line end inside"),
        ({"KAGGLE_API_TOKEN": "\ufeffKGAT_1"}, {}, "KAGGLE_API_TOKEN: begins with a byte-order mark"),
        ({"KAGGLE_API_TOKEN": "KGAT\u3042"}, {}, "KAGGLE_API_TOKEN: has a character that is not ASCII"),
        ({"KAGGLE_API_TOKEN": "KGAT\x07_1"}, {}, "KAGGLE_API_TOKEN: has a control character"),
        ({"KAGGLE_API_TOKEN": '"KGAT_1"'}, {}, "KAGGLE_API_TOKEN: is in quotes"),
        (NO_FILE, {}, "KAGGLE_API_TOKEN: names a file that is not there"),
        ({"KAGGLE_API_TOKEN": "HOME/token"}, {"token": "KGAT_1\nKGAT_2"}, "the file HOME/token: has a line end inside"),
        ({}, {".kaggle/access_token": "KGAT_1\nKGAT_2"}, "HOME/.kaggle/access_token: has a line end inside"),
        ({}, {".kaggle/access_token": "KGAT_1".encode("utf-16")}, "HOME/.kaggle/access_token: is UTF-16"),
        ({}, {".kaggle/access_token": b"\xef\xbb\xbfKGAT"}, "HOME/.kaggle/access_token: begins with a byte-order"),
        ({}, {".kaggle/access_token/x": ""}, "HOME/.kaggle/access_token: a folder"),
        ({"KAGGLE_USERNAME": "t", "KAGGLE_KEY": "a\nb"}, {}, "KAGGLE_USERNAME and KAGGLE_KEY: has a line end"),
        ({}, {".kaggle/kaggle.json": r'{"username": "t", "key": "a\nb"}'}, "HOME/.kaggle/kaggle.json: has a line end"),
    ],
)
def test_what_no_request_can_carry_is_refused_though_a_later_place_would_do(tmp_path, environ, files, fault):
    later = {".kaggle/credentials.json": '{"refresh_token": "r"}'}
    found = find_credentials(*arrange(tmp_path, environ, {**files, **later}))
    assert str(missing_credentials(found)).startswith(BROKEN + fault.replace("HOME", str(tmp_path)))


@pytest.mark.parametrize(
    ("environ", "files", "variables"),
    [
        ({"KAGGLE_API_TOKEN": " KGAT_1\r\n"}, {}, {"KAGGLE_API_TOKEN": "KGAT_1"}),
        ({"KAGGLE_API_TOKEN": "HOME/token\n"}, {"token": "\nKGAT_1 \n"}, {"KAGGLE_API_TOKEN": "KGAT_1"}),
        ({}, {".kaggle/access_token": "KGAT_1\r\n"}, {"KAGGLE_API_TOKEN": "KGAT_1"}),
        (
            {"KAGGLE_USERNAME": "t ", "KAGGLE_KEY": "\tk\n"},
            {},
            {"KAGGLE_USERNAME": "t", "KAGGLE_KEY": "k"},
        ),
        (
            {},
            {".kaggle/kaggle.json": r'{"username": " t", "key": "k\n"}'},
            {"KAGGLE_USERNAME": "t", "KAGGLE_KEY": "k"},
        ),
    ],
)
def test_white_space_at_the_ends_is_stripped(tmp_path, environ, files, variables):
    assert find_credentials(*arrange(tmp_path, environ, files)).variables == variables


@pytest.mark.parametrize("value", ["", "KGAT_1", "a b", "!~"])
def test_what_a_header_can_carry(value):
    assert why_unfit(value) == ""


def test_without_a_home_folder(monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.getuid", lambda: 987_654_321)
    assert home_folder() is None
    assert find_credentials({"KAGGLE_API_TOKEN": "KGAT_1"}, None).sources == ["KAGGLE_API_TOKEN"]
    said = str(missing_credentials(find_credentials({}, None)))
    assert "~/.kaggle: HOME names no folder that may be entered" in said


def arrange(home, environ, files):
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return {name: value.replace("HOME", str(home)) for name, value in environ.items()}, home
