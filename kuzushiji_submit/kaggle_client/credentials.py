"""Which credentials the `kaggle` client will use, and where it may keep its settings."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOW_TO_GIVE = (
    "make a token at https://www.kaggle.com/settings/api (Generate New Token) and save it as ~/.kaggle/access_token or "
    "set KAGGLE_API_TOKEN; or save an older key as ~/.kaggle/kaggle.json or set KAGGLE_USERNAME and KAGGLE_KEY; or run "
    "`kaggle auth login`"
)


@dataclass(frozen=True)
class Credentials:
    """What there is, best first: the client takes the first, even if it is stale and a later one would do.

    Attributes:
        sources: words such as "KAGGLE_API_TOKEN" or "/root/.kaggle/kaggle.json".
        faults: places that look like credentials and hold none.
    """

    sources: tuple[str, ...]
    faults: tuple[str, ...] = ()


def find_credentials(environ: Mapping[str, str], home: Path) -> Credentials:
    """Looks where the client looks, in its order: token, user name with key, login by browser.

    Args:
        environ: environment variables.
        home: the user's home folder.
    """
    sources: list[str] = []
    faults: list[str] = []
    token = environ.get("KAGGLE_API_TOKEN", "")
    if token:
        named = Path(token)  # the variable may hold the path of a file with the token
        empty = _exists(named) and not _text(named)
        (faults if empty else sources).append(f"the file {token}" if _exists(named) else "KAGGLE_API_TOKEN")
    for name in ("access_token", "access_token.txt"):
        path = home / ".kaggle" / name
        if _exists(path):
            (sources if _text(path) else faults).append(str(path))
    key_file = config_folder(environ, home) / "kaggle.json"
    stored = _record(key_file)
    user, key = environ.get("KAGGLE_USERNAME"), environ.get("KAGGLE_KEY")
    if user and key:
        sources.append("KAGGLE_USERNAME and KAGGLE_KEY")
    elif (user or "username" in stored) and (key or "key" in stored):
        sources.append(str(key_file))
    elif _exists(key_file):
        faults.append(str(key_file))
    login = home / ".kaggle" / "credentials.json"
    if _exists(login):
        (sources if _record(login).get("refresh_token") else faults).append(str(login))
    return Credentials(tuple(sources), tuple(faults))


def config_folder(environ: Mapping[str, str], home: Path) -> Path:
    """Where the client reads kaggle.json from; it makes the folder if it is not there."""
    if environ.get("KAGGLE_CONFIG_DIR"):
        return Path(environ["KAGGLE_CONFIG_DIR"])
    old = home / ".kaggle"
    return old if _exists(old) else Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "kaggle"


def can_make(folder: Path) -> bool:
    """True if the folder is there or could be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.R_OK)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a token is no path, and may be too long for one
        return False


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _record(path: Path) -> dict[str, object]:
    try:
        record = json.loads(_text(path))
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
