"""Which credentials the `kaggle` client will use, why other places gave none."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

HOW_TO_GIVE = (
    "make a token at https://www.kaggle.com/settings/api (Generate New Token) and save it as ~/.kaggle/access_token or "
    "set KAGGLE_API_TOKEN; or save an older key as ~/.kaggle/kaggle.json or set KAGGLE_USERNAME and KAGGLE_KEY; or run "
    "`kaggle auth login`"
)
CREDENTIAL_VARIABLES = ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY")
_QUOTES = "\"'`“”‘’"


@dataclass
class Credentials:
    """What there is, best first: the client takes the first, even if it is stale and a later one would do.

    Attributes:
        sources: words such as "KAGGLE_API_TOKEN" or "/root/.kaggle/kaggle.json".
        faults: every place that gave none, with the reason: "KAGGLE_API_TOKEN: not set".
        broken: the fault of the place that the client would take first, where that holds what no request can carry.
        secrets: every secret that was read, as it stood and without white space at its ends.
        users: every user name that was read.
        variables: environment variables that give the client the best of each kind, without white space at its ends.
    """

    sources: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    broken: str = ""
    secrets: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)

    def add(self, source: str, variables: Mapping[str, str]) -> None:
        """Takes what a place holds, if a request can carry it."""
        reasons = [reason for value in variables.values() if (reason := why_unfit(value))]
        if reasons:
            self.refuse(f"{source}: {reasons[0]}")
            return
        self.sources.append(source)
        self.variables = {**variables, **self.variables}

    def refuse(self, fault: str) -> None:
        """Notes that a place holds what the client would take, or end on, and could not use."""
        self.faults.append(fault)
        if not self.sources:
            self.broken = self.broken or fault


def home_folder() -> Path | None:
    """The user's home folder, if there is one that may be entered.

    In a container whose user is a bare number there is neither HOME nor an entry in the user table, or HOME is root's.
    """
    home = os.path.expanduser("~")  # where Path.home() raises it stays "~"
    return Path(home) if home != "~" and os.access(home, os.X_OK) else None


def find_credentials(environ: Mapping[str, str], home: Path | None) -> Credentials:
    """Looks where the client looks, in its order: token, user name with key, login by browser.

    Args:
        environ: environment variables.
        home: the user's home folder; None if there is none.
    """
    found = Credentials()
    _find_token(found, environ, home)
    _find_key(found, environ, home)
    if home is None:
        found.faults.append("~/.kaggle: HOME names no folder that may be entered")
    else:
        _find_login(found, home / ".kaggle" / "credentials.json")
    found.secrets |= _passwords(environ)
    return found


def why_unfit(value: str) -> str:
    """Why a request cannot carry a value in its header (RFC 9110, section 5.5); empty if it can."""
    if value.startswith(("\ufeff", "ï»¿", "þÿ", "ÿþ")):
        return "begins with a byte-order mark: save it as plain ASCII text"
    if "\n" in value or "\r" in value:
        return "has a line end inside: give the token or key alone, on one line"
    if any(sign < " " or sign == "\x7f" for sign in value):
        return "has a control character inside: copy it anew"
    if not value.isascii():
        return "has a character that is not ASCII: copy it anew"
    if value and (value[0] in _QUOTES or value[-1] in _QUOTES):
        return "is in quotes: remove them"
    return ""


def config_folder(environ: Mapping[str, str], home: Path | None) -> Path | None:
    """Where the client reads kaggle.json from (it makes the folder if it is not there); None without a home."""
    if environ.get("KAGGLE_CONFIG_DIR"):
        return Path(environ["KAGGLE_CONFIG_DIR"])
    if home is not None and _exists(home / ".kaggle"):
        return home / ".kaggle"
    settings = environ.get("XDG_CONFIG_HOME") or (home and home / ".config")
    return Path(settings, "kaggle") if settings else None


def _find_token(found: Credentials, environ: Mapping[str, str], home: Path | None) -> None:
    raw = environ.get("KAGGLE_API_TOKEN")
    token = (raw or "").strip()
    if token and _exists(Path(token)):  # the variable may hold the path of a file with the token
        _add_token_file(found, f"the file {token}", Path(token))
    elif token.startswith(("/", "~/", "./", "../")):
        found.refuse("KAGGLE_API_TOKEN: names a file that is not there")
    elif token:
        found.secrets |= {raw or "", token}
        found.add("KAGGLE_API_TOKEN", {"KAGGLE_API_TOKEN": token})
    else:
        found.faults.append(f"KAGGLE_API_TOKEN: {'not set' if raw is None else 'empty'}")
    for name in ("access_token", "access_token.txt") if home else ():
        path = Path(home or "", ".kaggle", name)
        _add_token_file(found, str(path), path)


def _add_token_file(found: Credentials, source: str, path: Path) -> None:
    text, reason = _read(path)
    found.secrets.add(text)
    if reason in ("not there", "empty"):
        found.faults.append(f"{source}: {reason}")
    elif reason:
        found.refuse(f"{source}: {reason}")
    else:
        found.add(source, {"KAGGLE_API_TOKEN": text})


def _find_key(found: Credentials, environ: Mapping[str, str], home: Path | None) -> None:
    names = {"username": "KAGGLE_USERNAME", "key": "KAGGLE_KEY"}
    folder = config_folder(environ, home)
    stored, reason = _read_record(folder / "kaggle.json") if folder else ({}, "not there")
    usable = {} if reason else stored
    given = {key: environ.get(name, "").strip() for key, name in names.items()}
    found.secrets |= {environ.get("KAGGLE_KEY", ""), given["key"], stored.get("key", "")}
    found.users |= {given["username"], stored.get("username", "").strip()} - {""}
    both = {name: given[key] or usable.get(key, "").strip() for key, name in names.items()}
    if all(given.values()):
        found.add("KAGGLE_USERNAME and KAGGLE_KEY", both)
    elif all(both.values()):
        found.add(str(folder and folder / "kaggle.json"), both)
    else:
        lacking = [name for key, name in names.items() if not given[key]]
        verb = "are" if len(lacking) == 2 else "is"
        found.faults.append(f"KAGGLE_USERNAME and KAGGLE_KEY: {' and '.join(lacking)} {verb} not set")
        if folder:
            missing = [key for key in names if not stored.get(key)]
            reason = reason or f"without {' and '.join(missing)}"
            found.faults.append(f"{folder / 'kaggle.json'}: {_explained(folder, reason)}")


def _explained(folder: Path, reason: str) -> str:
    """The reason, more exactly where the file's name or its folder is what is wrong."""
    if folder.is_file():
        return f"{folder} is a file: KAGGLE_CONFIG_DIR must name the folder that holds kaggle.json"
    if reason == "not there" and _exists(folder / "kaggle.json.txt"):
        return "not there, but kaggle.json.txt is: rename it"
    return reason


def _find_login(found: Credentials, path: Path) -> None:
    record, reason = _read_record(path)
    found.secrets |= {value for name, value in record.items() if "token" in name and "expir" not in name}
    if record.get("refresh_token"):
        found.sources.append(str(path))
    else:
        found.faults.append(f"{path}: {reason or 'without refresh_token'}")


def _passwords(environ: Mapping[str, str]) -> set[str]:
    """Those in the addresses of proxies."""
    found = set()
    for name, value in environ.items():
        if name.lower().endswith("_proxy"):
            credentials = value.rpartition("@")[0].rpartition("//")[2]
            password = credentials.partition(":")[2]
            found |= {password, unquote(password)}
    return found


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a token is no path, and may be too long for one
        return False


def _read(path: Path) -> tuple[str, str]:
    """A file's text without white space at its ends, and why there is none."""
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return "", "not there"
    except IsADirectoryError:
        return "", "a folder, not a file"
    except (OSError, ValueError) as error:
        return "", f"cannot be read ({getattr(error, 'strerror', '') or 'no such path'})"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        return content.decode("utf-16", "replace").strip(), "is UTF-16: save it as plain ASCII text"
    text = content.decode("utf-8", "replace").strip()
    return text, "" if text else "empty"


def _read_record(path: Path) -> tuple[dict[str, str], str]:
    """The texts in a JSON object, and why there are none."""
    text, reason = _read(path)
    if text.startswith("\ufeff"):
        reason = "begins with a byte-order mark: save it as plain ASCII text"
    try:
        record = json.loads(text.removeprefix("\ufeff"))
    except ValueError:
        return {}, reason or "is no JSON"
    if not isinstance(record, dict):
        return {}, reason or 'is no JSON object such as {"username": ..., "key": ...}'
    return {name: value for name, value in record.items() if isinstance(value, str)}, reason
