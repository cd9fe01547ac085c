"""Kernels: push a folder, follow its run, fetch what it left."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kuzushiji_submit.core.errors import KaggleBusyError, KaggleError, KaggleRefusedError, KernelRunError
from kuzushiji_submit.kaggle_client.client import Client
from kuzushiji_submit.kaggle_client.waiting import keep_trying, polls

OUTPUT_SECONDS = 6 * 3600.0
RUNNING = ("QUEUED", "RUNNING", "NEW_SCRIPT")
# Sources that Kaggle does not know are left out of the kernel, and the client calls that a success.
_SOURCES = {
    "invalidDatasetSources": "dataset",
    "invalidCompetitionSources": "competition",
    "invalidKernelSources": "kernel",
    "invalidModelSources": "model",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunState:
    """Where a kernel's latest run stands.

    Attributes:
        status: one of Kaggle's words: QUEUED, RUNNING, COMPLETE, ERROR, CANCEL_REQUESTED, CANCEL_ACKNOWLEDGED.
        failure: what Kaggle says about a failure.
    """

    status: str
    failure: str


def kernel_page(kernel: str) -> str:
    """Where a kernel is seen."""
    return f"https://www.kaggle.com/code/{kernel}"


def _advice(kernel: str) -> dict[int, str]:
    unknown = f"there is no kernel {kernel} that this account may see: check its name at {kernel_page(kernel)}"
    return {403: unknown, 404: unknown}


def push(client: Client, kernel: str, folder: Path, *, accelerator: str | None, seconds: int | None) -> int:
    """Pushes a kernel folder, which makes Kaggle run it.

    Args:
        client: the client.
        kernel: "owner/slug", as in the folder's kernel-metadata.json.
        folder: the folder.
        accelerator: Kaggle's name of the machine, such as "NvidiaTeslaT4"; None for the one in the metadata.
        seconds: limit of the run; None for Kaggle's.

    Returns:
        the version's number.

    Raises:
        KaggleError: if it was not pushed, or was pushed without one of its sources.
    """
    what = f"pushing {kernel}"
    advice = {
        403: "check that the account is verified by phone, which Kaggle asks for before it lends a GPU",
        404: "check the names of the competition, the datasets and the kernels attached",
        409: f"another push is being saved: look at {kernel_page(kernel)} and push again",
    }
    try:
        answer = client.call(
            dict, "push_kernel", what, advice=advice, folder=str(folder), seconds=seconds, accelerator=accelerator
        )
    except KaggleBusyError as error:
        # A second push would run the kernel twice, at twice the quota.
        said = str(error).rpartition(": ")[0]
        raise KaggleBusyError(
            f"{said}: look at {kernel_page(kernel)} whether it runs before pushing again",
            status=error.status,
            step=error.step,
            retry_after=error.retry_after,
        ) from error
    _refuse_faults(what, kernel, answer)
    return int(answer.get("versionNumber") or 0)


def _refuse_faults(what: str, kernel: str, answer: Mapping[str, Any]) -> None:
    if answer.get("error"):
        raise KaggleRefusedError(f"{what}: Kaggle answers {answer['error']!r}: correct what it names")
    version = f"version {answer.get('versionNumber') or '?'}"
    unknown = [f"{kind} {name}" for key, kind in _SOURCES.items() for name in answer.get(key, ())]
    if unknown:
        raise KaggleRefusedError(
            f"{what}: {version} was saved without the {', the '.join(unknown)}, which Kaggle does not know: stop it at "
            f"{kernel_page(kernel)}, correct the name and push again"
        )
    saved = str(answer.get("ref") or "").strip("/").removeprefix("code/")
    if saved and saved.lower() != kernel.lower():
        raise KaggleRefusedError(f"{what}: Kaggle saved it as {saved}: give it a title that makes the name {kernel}")
    if answer.get("invalidTags"):
        logger.warning("Kaggle does not know the tags %s", ", ".join(answer["invalidTags"]))


def run_state(client: Client, kernel: str) -> RunState:
    """Where the latest run stands.

    Raises:
        KaggleError: if it cannot be asked.
    """
    record = keep_trying(
        lambda: client.call(dict, "kernel_status", f"asking for {kernel}", advice=_advice(kernel), kernel=kernel)
    )
    failure = " ".join(str(record.get("failureMessage") or "").split())
    return RunState(str(record.get("status") or "QUEUED"), failure)  # the client leaves the first of the words out


def await_end(client: Client, kernel: str, limit: float) -> RunState:
    """Asks until the run has ended.

    Args:
        client: the client.
        kernel: "owner/slug".
        limit: seconds after which to stop asking.

    Raises:
        KaggleError: if it cannot be asked, or runs on after the limit.
    """
    state = RunState("QUEUED", "")
    for gone in polls(limit, 10.0, 60.0):
        state = run_state(client, kernel)
        if state.status not in RUNNING:
            return state
        logger.info("%s: %s (%.0f s)", kernel, state.status.lower(), gone)
    raise KaggleError(f"{kernel} is {state.status.lower()} after {limit:.0f} s: it goes on, see {kernel_page(kernel)}")


def raise_failure(kernel: str, state: RunState) -> None:
    """Turns a run that failed or was cancelled into an error.

    Raises:
        KernelRunError: if it has.
    """
    if state.status != "COMPLETE" and state.status not in RUNNING:
        said = f" ({state.failure})" if state.failure else ""
        raise KernelRunError(
            f"{kernel}: the run ended with {state.status}{said}: `kuzushiji kernel output` fetches its log"
        )


def fetch_output(client: Client, kernel: str, folder: Path) -> list[str]:
    """Fetches every file that the latest run left, and its log; goes on where an earlier try was cut.

    Raises:
        KaggleError: if Kaggle does not give it.
        OutputError: if the folder cannot be written.
    """

    def fetch() -> list[str]:
        return client.call(
            list,
            "kernel_output",
            f"fetching the output of {kernel}",
            advice=_advice(kernel),
            limit=OUTPUT_SECONDS,
            kernel=kernel,
            folder=str(folder),
        )

    return keep_trying(fetch, progress=lambda: sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))
