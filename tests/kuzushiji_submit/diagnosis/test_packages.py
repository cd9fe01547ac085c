"""Python and packages."""

from importlib import metadata

import pytest

from kuzushiji_submit.diagnosis import packages
from kuzushiji_submit.diagnosis.finding import Verdict


def test_what_is_installed_here_is_well():
    findings = list(packages.look_at_packages())
    assert [finding.found for finding in findings if finding.verdict is not Verdict.OK] == []
    assert f"torch {metadata.version('torch')}" in findings[-1].found


def versions(**changed):
    """Versions as they are here, but for some."""

    def version_of(name):
        if name in changed and changed[name] is None:
            raise metadata.PackageNotFoundError(name)
        return changed.get(name) or metadata.version(name)

    return version_of


@pytest.mark.parametrize(
    ("changed", "found", "verdict"),
    [
        ({"torch": None}, "torch is not installed", Verdict.FAULT),
        ({"lxml": None}, "lxml is not installed", Verdict.NOTE),
        ({"torch": "1.0"}, "torch 1.0 is installed, >=2.10 is needed", Verdict.NOTE),
    ],
)
def test_what_is_missing_or_old(changed, found, verdict):
    lacking, *others = packages.look_at_packages(versions(**changed))
    assert (lacking.found, lacking.verdict, lacking.advice) == (found, verdict, packages.INSTALL)
    assert [finding.verdict for finding in others] == [Verdict.OK]


@pytest.mark.parametrize("version", ["2.12.0.dev20261001+cpu", "2.10.0+cpu", "2.10"])
def test_builds_and_pre_releases_are_taken_for_what_they_are(version):
    assert [finding.verdict for finding in packages.look_at_packages(versions(torch=version))] == [Verdict.OK]


def test_a_stand_in_does():
    def version_of(name):
        if name == "opencv-python":
            raise metadata.PackageNotFoundError(name)
        return "99" if name == "opencv-python-headless" else metadata.version(name)

    (finding,) = packages.look_at_packages(version_of)
    assert "opencv-python-headless 99" in finding.found


def test_an_old_python_is_a_fault(monkeypatch):
    assert [finding.verdict for finding in packages.look_at_python()] == [Verdict.OK, Verdict.OK]
    monkeypatch.setattr(packages, "MINIMUM_PYTHON", (9, 0))
    last = list(packages.look_at_python())[-1]
    assert (last.verdict, last.advice) == (Verdict.FAULT, "install Python 9.0 or newer")
