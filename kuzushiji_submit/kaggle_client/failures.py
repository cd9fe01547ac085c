"""What the client or the server said, as named errors with what to do about it."""

import errno
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from kuzushiji_submit.core.errors import (
    CredentialsError,
    KaggleAccessError,
    KaggleBusyError,
    KaggleError,
    KaggleNotFoundError,
    KaggleRefusedError,
    KuzushijiError,
    OutputError,
)
from kuzushiji_submit.kaggle_client.credentials import HOW_TO_GIVE, Credentials, find_credentials, home_folder

_KINDS: dict[int, type[KaggleError]] = {
    401: CredentialsError,
    403: KaggleAccessError,
    404: KaggleNotFoundError,
    408: KaggleBusyError,
    429: KaggleBusyError,
}
_ADVICE = {
    403: "check that the account may do this",
    404: "check the name",
    429: "too many requests: wait a few minutes and run the same command again",
}
_TROUBLE = "trouble on Kaggle's side: run the same command again later"


def missing_credentials(found: Credentials) -> CredentialsError:
    """For when there is nothing that the client could use."""
    if found.broken:
        return CredentialsError(f"Kaggle credentials that cannot be used: {found.broken}; or {HOW_TO_GIVE}")
    return CredentialsError(f"no Kaggle credentials ({'; '.join(found.faults)}): {HOW_TO_GIVE}")


def unanswered(what: str, seconds: float) -> KaggleBusyError:
    """For when the whole call took too long."""
    return KaggleBusyError(f"{what}: no end after {seconds:.0f} s: run the same command again later")


def name_failure(what: str, record: Mapping[str, Any], advice: Mapping[int, str]) -> KuzushijiError:
    """The error for what the worker reports.

    Args:
        what: words for what was being done.
        record: the worker's "error": type and message, and where known status, reply, step, retry_after, errno.
        advice: what to do, by status.
    """
    message = " ".join(str(record.get("reply") or record["message"]).split())
    if record["type"] == "SystemExit":
        found = find_credentials(os.environ, home_folder())
        if found.sources:  # a token that is no longer active
            return CredentialsError(f"{what}: {_refused_credentials(message)}")
        return missing_credentials(found)
    if record["type"] in ("ImportError", "ModuleNotFoundError"):
        return KaggleError(f"{what}: the kaggle client cannot be loaded ({message}): pip install kaggle six")
    if record.get("errno") in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(f"{what}: no space left on the disk: free some and run the same command again")
    if "errno" in record:
        return OutputError(f"{what}: {message}: check the place and its rights")
    if not record["network"]:
        return KaggleRefusedError(f"{what}: {message}: correct what it names", step=record.get("step", ""))
    return _server_failure(what, message, record, advice)


def _server_failure(what: str, message: str, record: Mapping[str, Any], advice: Mapping[int, str]) -> KaggleError:
    status, step = record.get("status"), str(record.get("step", ""))
    retry_after = read_retry_after(record.get("retry_after"))
    if record["type"] == "SSLError":
        return KaggleError(
            f"{what}: the certificate of Kaggle's address is not trusted ({message}): if your network has an authority "
            "of its own, name its file in REQUESTS_CA_BUNDLE",
            step=step,
        )
    if status is None:
        text = f"{what}: no answer from Kaggle ({message}): check the network and run the same command again"
        return KaggleBusyError(text, step=step)
    if status == 401:
        return CredentialsError(f"{what}: {_refused_credentials(message)}", status=401, step=step)
    kind = KaggleBusyError if status >= 500 else _KINDS.get(status, KaggleRefusedError)
    todo = advice.get(status) or (_TROUBLE if status >= 500 else _ADVICE.get(status, "correct what it names"))
    if step == "GET" and status < 500:
        # A signed address of a file that has expired; the next call gets a new one.
        kind, todo = KaggleBusyError, "the address of the file may have expired: run the same command again"
    return kind(f"{what}: {message} (status {status}): {todo}", status=status, step=step, retry_after=retry_after)


def _refused_credentials(message: str) -> str:
    sources = find_credentials(os.environ, home_folder()).sources or ("this session",)
    order = f", which come before those from {', '.join(sources[1:])}" if len(sources) > 1 else ""
    return (
        f"Kaggle refuses the credentials from {sources[0]}{order} ({message}): remove them if they are stale, or "
        f"{HOW_TO_GIVE}"
    )


def read_retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header, a number or a date (RFC 9110, section 10.2.3); None if there is none."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
