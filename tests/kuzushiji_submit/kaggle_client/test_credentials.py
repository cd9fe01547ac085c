"""Every way of giving credentials, in the client's order."""

import json
import os

import pytest

from kuzushiji_submit.kaggle_client.credentials import Credentials, can_make, config_folder, find_credentials

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
    assert found == Credentials(tuple(source.replace("HOME", str(tmp_path)) for source in sources))


@pytest.mark.parametrize(
    ("environ", "files", "faults"),
    [
        ({}, {".kaggle/access_token": "\n"}, ("HOME/.kaggle/access_token",)),
        ({}, {".kaggle/kaggle.json": "{"}, ("HOME/.kaggle/kaggle.json",)),
        ({}, {".kaggle/kaggle.json": "[]"}, ("HOME/.kaggle/kaggle.json",)),
        ({}, {".kaggle/kaggle.json": '{"username": "t"}'}, ("HOME/.kaggle/kaggle.json",)),
        ({}, {".kaggle/credentials.json": "{}"}, ("HOME/.kaggle/credentials.json",)),
        ({"KAGGLE_API_TOKEN": "HOME/token"}, {"token": ""}, ("the file HOME/token",)),
    ],
)
def test_names_what_looks_like_credentials_and_holds_none(tmp_path, environ, files, faults):
    found = find_credentials(*arrange(tmp_path, environ, files))
    assert found == Credentials((), tuple(fault.replace("HOME", str(tmp_path)) for fault in faults))


def arrange(home, environ, files):
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return {name: value.replace("HOME", str(home)) for name, value in environ.items()}, home


def test_a_config_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    assert not can_make(config_folder({}, tmp_path / "file"))
    assert can_make(config_folder({}, tmp_path))
    assert os.listdir(tmp_path / ".config") == ["kaggle"]
