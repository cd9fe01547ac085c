"""Which credentials Kaggle's client would use. What they say is never shown, and nothing is sent."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from kuzushiji_submit.diagnosis.finding import Finding, Verdict
from kuzushiji_submit.kaggle_client.credentials import HOW_TO_GIVE, Credentials, find_credentials, home_folder
from kuzushiji_submit.kaggle_client.veil import Veil


def look_at_credentials(environ: Mapping[str, str] | None = None, home: Path | None = None) -> Iterator[Finding]:
    """Where credentials were found, or what each place lacks.

    Args:
        environ: environment variables; None for this process's.
        home: the user's home folder; None for that of this process.
    """
    found = find_credentials(os.environ if environ is None else environ, home or home_folder())
    finding = _judge(found)
    # No place's name or fault holds a secret; should one ever, it does not show.
    veil = Veil(found.secrets, found.users)
    yield Finding(finding.what, veil.text(finding.found), finding.verdict, veil.text(finding.advice))


def _judge(found: Credentials) -> Finding:
    if found.broken:
        return Finding("Kaggle", f"credentials that cannot be used: {found.broken}", Verdict.NOTE, HOW_TO_GIVE)
    if not found.sources:
        return Finding(
            "Kaggle", "no credentials: only download, submit and kernel need them", Verdict.NOTE, HOW_TO_GIVE
        )
    text = f"credentials in {found.sources[0]} (not tried, never shown)"
    if others := found.sources[1:]:
        text += f"; not used: {', '.join(others)}"
    if exposed := [source for source in found.sources if _others_may_read(Path(source))]:
        return Finding("Kaggle", text, Verdict.NOTE, f"others can read them: chmod 600 {' '.join(exposed)}")
    return Finding("Kaggle", text)


def _others_may_read(path: Path) -> bool:
    try:
        return bool(path.is_file() and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except (OSError, ValueError):
        return False
