"""Submits a file once, and knows whether it was.

Each submission carries in its description the first digits of its file's SHA-256. By this mark it is found again in
Kaggle's listing: after an answer that got lost, and when the same file is submitted a second time.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kuzushiji_submit.core.errors import KaggleBusyError, KaggleError, KaggleRefusedError, ScoringError
from kuzushiji_submit.kaggle_client.client import Client
from kuzushiji_submit.kaggle_client.competition import advice_for, submissions_page
from kuzushiji_submit.kaggle_client.waiting import MAXIMUM_FAILURES, keep_trying, pause_after, polls

LISTING_SECONDS = 60.0  # how long a new submission may stay out of Kaggle's listing
UPLOAD_SECONDS = 1800.0
_PAGES = 50  # of up to 200 submissions each
_FULL = 20  # a page of the listing with fewer is the last one
# Steps before the one that makes a submission: what fails here has made none.
_HARMLESS = ("IntrospectToken", "StartSubmissionUpload", "PUT")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Submission:
    """One line of Kaggle's listing.

    Attributes:
        ref: Kaggle's number for it.
        status: "PENDING", "COMPLETE" or "ERROR".
        description: the message and the mark.
        public: score on the public part, as text; empty if there is none.
        private: score on the private part, as text; empty if there is none.
        error: why it was not scored.
    """

    ref: int
    status: str
    description: str
    public: str
    private: str
    error: str

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "Submission":
        """Reads what the client gives; what it leaves out has its default."""
        text = {key: str(record.get(key) or "") for key in ("description", "publicScore", "privateScore")}
        return cls(
            ref=int(record.get("ref") or 0),
            status=str(record.get("status") or "PENDING").rpartition("SUBMISSION_STATUS_")[2],
            description=text["description"],
            public=text["publicScore"],
            private=text["privateScore"],
            error=" ".join(str(record.get("errorDescription") or "").split()),
        )


def mark_of(file: Path) -> str:
    """The mark of a file's content: "[sha256:" and 12 hexadecimal digits "]"."""
    with file.open("rb") as stream:
        return f"[sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()[:12]}]"


def submit_file(client: Client, competition: str, file: Path, message: str, *, again: bool = False) -> Submission:
    """Submits a file, unless this very file is listed already and was not a failure.

    Args:
        client: the client.
        competition: its name in addresses.
        file: a validated submission.
        message: the description, to which the file's mark is added.
        again: submit even if the same file is listed.

    Returns:
        the submission as Kaggle lists it.

    Raises:
        KaggleError: if it was not submitted, or if that cannot be known; the message says which.
    """
    mark = mark_of(file)
    earlier = _listed(client, competition, mark)
    standing = [submission for submission in earlier if submission.status != "ERROR"]
    if standing and not again:
        logger.info("%s is submitted already, as %d: not uploaded again", file, standing[0].ref)
        return standing[0]
    return _Attempt(client, competition, file, f"{message} {mark}", {entry.ref for entry in earlier}).run(mark)


def _listed(client: Client, competition: str, mark: str) -> list[Submission]:
    """The submissions that carry a mark, newest first."""
    return [entry for entry in list_submissions(client, competition) if entry.description.endswith(mark)]


def list_submissions(client: Client, competition: str) -> list[Submission]:
    """All submissions of the account, newest first.

    Raises:
        KaggleError: if they cannot be listed, after some tries where the server is busy.
    """
    entries: dict[int, Submission] = {}
    for page in range(1, _PAGES + 1):
        records = keep_trying(partial(_list_page, client, competition, page))
        fresh = [entry for entry in map(Submission.read, records) if entry.ref not in entries]
        entries |= {entry.ref: entry for entry in fresh}
        if not fresh or len(records) < _FULL:
            break
    return list(entries.values())


def _list_page(client: Client, competition: str, page: int) -> list[dict[str, Any]]:
    return client.call(
        list,
        "list_submissions",
        f"listing the submissions to {competition}",
        advice=advice_for(competition),
        competition=competition,
        page=page,
    )


@dataclass(frozen=True)
class _Attempt:
    client: Client
    competition: str
    file: Path
    description: str
    earlier: set[int]

    def run(self, mark: str) -> Submission:
        for failures in range(1, MAXIMUM_FAILURES + 1):
            try:
                answer = self._upload()
            except KaggleBusyError as error:
                if error.step not in _HARMLESS:
                    found = self._look_for(mark)
                    if found is not None:
                        return found
                    if error.retry_after is None and error.status != 429:
                        raise self._unclear(error) from error
                if failures == MAXIMUM_FAILURES:
                    raise
                pause_after(error, failures)
            else:
                return self._confirm(answer, mark)
        raise AssertionError("the last attempt returns or raises")

    def _upload(self) -> dict[str, Any]:
        what = f"submitting {self.file}"
        answer = self.client.call(
            dict,
            "submit",
            what,
            advice=advice_for(self.competition),
            limit=UPLOAD_SECONDS,
            competition=self.competition,
            file=str(self.file),
            message=self.description,
        )
        if not answer["uploaded"]:
            raise KaggleBusyError(f"{what}: the upload failed: run the same command again later", step="PUT")
        return answer

    def _confirm(self, answer: Mapping[str, Any], mark: str) -> Submission:
        """Nothing counts as submitted that the answer does not number and the listing does not show."""
        if not answer["ref"]:
            found = self._look_for(mark)
            if found is None:
                raise KaggleRefusedError(
                    f"submitting {self.file}: Kaggle answers {answer['message']!r} and lists no such submission: "
                    "correct what it names",
                    step="CreateSubmission",
                )
            return found
        found = self._look_for(mark, answer["ref"])
        if found is None:
            raise KaggleError(
                f"submitting {self.file}: Kaggle numbers it {answer['ref']} and does not list it after "
                f"{LISTING_SECONDS:.0f} s: look at {submissions_page(self.competition)} before submitting again"
            )
        return found

    def _look_for(self, mark: str, ref: int | None = None) -> Submission | None:
        for _ in polls(LISTING_SECONDS, 2.0, 10.0):
            for entry in list_submissions(self.client, self.competition):
                ours = entry.ref == ref if ref else entry.description.endswith(mark) and entry.ref not in self.earlier
                if ours:
                    return entry
        return None

    def _unclear(self, error: KaggleError) -> KaggleError:
        said = str(error).rpartition(": ")[0] or str(error)
        return KaggleError(
            f"{said}: it is not known whether Kaggle took it, and its listing does not show it after "
            f"{LISTING_SECONDS:.0f} s: look at {submissions_page(self.competition)}, or run the same command again, "
            "which submits only what is not listed",
            status=error.status,
            step=error.step,
        )


def wait_for_score(client: Client, competition: str, submission: Submission, limit: float) -> Submission:
    """Asks for a submission until it is scored.

    Args:
        client: the client.
        competition: its name in addresses.
        submission: what was submitted.
        limit: seconds after which to stop asking.

    Raises:
        ScoringError: if Kaggle cannot score it, or has not within the limit.
    """
    ref = submission.ref
    for gone in polls(limit, 5.0, 30.0):
        if submission.status == "PENDING" and gone:
            logger.info("submission %d is being scored (%.0f s)", ref, gone)
            try:
                entries = list_submissions(client, competition)
            except KaggleBusyError as error:
                logger.info("%s", error)
                continue
            submission = next((entry for entry in entries if entry.ref == ref), submission)
        if submission.status == "ERROR":
            raise ScoringError(
                f"submission {ref} was not scored: {submission.error or 'Kaggle says no more'}: see "
                f"{submissions_page(competition)}"
            )
        if submission.status == "COMPLETE":
            return submission
    raise ScoringError(
        f"submission {ref} is not scored after {limit:.0f} s: it stands, and its score will appear at "
        f"{submissions_page(competition)}"
    )
