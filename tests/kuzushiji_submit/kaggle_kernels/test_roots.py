"""The three folders of a session."""

from pathlib import Path

from kuzushiji_submit.kaggle_kernels.roots import Roots

NAMES = ("INPUT", "WORKING", "SCRATCH")


def test_kaggle_s_own(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(f"KUZUSHIJI_{name}_ROOT", raising=False)
    roots = Roots.of_session()
    assert (roots.inputs, roots.working) == (Path("/kaggle/input"), Path("/kaggle/working"))
    # What is only for the session must not land in what is kept.
    assert not roots.scratch.is_relative_to(roots.working)


def test_others_by_environment(monkeypatch):
    for name in NAMES:
        monkeypatch.setenv(f"KUZUSHIJI_{name}_ROOT", f"/{name}")
    assert Roots.of_session() == Roots(Path("/INPUT"), Path("/WORKING"), Path("/SCRATCH"))
