"""The proxy that requests to Kaggle will take, judged before the first of them."""

import importlib.util
from collections.abc import Mapping
from urllib.parse import urlsplit

from kuzushiji_submit.core.errors import KaggleError

_PLAIN = ("http", "https")
_SOCKS = ("socks4", "socks4a", "socks5", "socks5h")
_ADDRESSES = {"http": "http://localhost", "https": "https://api.kaggle.com"}


def check_proxy(environ: Mapping[str, str]) -> None:
    """Judges the variable that `requests` would follow: that of the scheme before that of all, small before capital.

    Raises:
        KaggleError: if no request can go by what it holds; names the variable, not its value, which may hold a
            password.
    """
    # Here, because commands that never ask Kaggle need not wait for it.
    from requests.utils import should_bypass_proxies

    scheme = "http" if environ.get("KAGGLE_API_ENVIRONMENT") == "LOCALHOST" else "https"
    if should_bypass_proxies(_ADDRESSES[scheme], _first(environ, "no_proxy")[1]):
        return
    for name in (f"{scheme}_proxy", "all_proxy"):
        variable, address = _first(environ, name)
        if address:
            _check_address(variable, address)
            return


def _first(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    for variable in (name, name.upper()):
        if variable in environ:
            return variable, environ[variable]
    return name, ""


def _check_address(variable: str, address: str) -> None:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        usable = bool(parts.hostname) and parts.port != 0 and not any(sign.isspace() for sign in address)
    except ValueError:
        usable = False
    if not usable or parts.scheme not in _PLAIN + _SOCKS:
        raise KaggleError(
            f"{variable} is no address of a proxy: write it as http://host:port (or https, socks5), or unset it"
        )
    if parts.scheme in _SOCKS and importlib.util.find_spec("socks") is None:
        raise KaggleError(
            f"{variable} names a SOCKS proxy, and the package for it is missing: pip install 'requests[socks]', or "
            f"unset {variable}"
        )
