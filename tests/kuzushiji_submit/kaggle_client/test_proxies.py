"""A proxy by which no request can go is named before the first request."""

import importlib.util

import pytest

from kuzushiji_submit.core.errors import KaggleError
from kuzushiji_submit.kaggle_client.proxies import check_proxy


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"https_proxy": ""},
        {"https_proxy": "", "HTTPS_PROXY": "http://:x"},
        {"https_proxy": "http://user:p%40ss@proxy:3128"},
        {"https_proxy": "proxy:3128"},
        {"https_proxy": "http://[::1]:3128", "all_proxy": "nonsense://"},
        {"http_proxy": "ftp://only-for-others"},
        {"ALL_PROXY": "http://:x", "no_proxy": "localhost, .kaggle.com"},
        {"ALL_PROXY": "http://:x", "no_proxy": "API.Kaggle.com"},
        {"ALL_PROXY": "http://:x", "NO_PROXY": "*"},
    ],
)
def test_usable(environ):
    check_proxy(environ)


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "address",
    ["http://", "http://:3128", "http://proxy:port", "http://proxy:99999", "http://[::1", "ftp://proxy", "http://a b"],
)
def test_malformed(name, address):
    with pytest.raises(KaggleError) as caught:
        check_proxy({name: address})
    assert str(caught.value).startswith(f"{name} is no address of a proxy: write it as http://host:port")


def test_socks_without_its_package(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(KaggleError, match=r"^ALL_PROXY names a SOCKS proxy, .*pip install 'requests\[socks\]'"):
        check_proxy({"ALL_PROXY": "socks5h://user:password@127.0.0.1:1080"})
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    check_proxy({"ALL_PROXY": "socks5h://127.0.0.1:1080"})
