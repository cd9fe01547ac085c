"""The record of a run, and what its exit code means."""

import json
import re

import pytest

from kuzushiji_submit.core.errors import CropStoreError, DetectionError, KernelError
from kuzushiji_submit.kaggle_kernels.kernel_settings import RunSettings
from kuzushiji_submit.kaggle_kernels.session import Session


def record(roots) -> dict:
    return json.loads((roots.working / "kuzushiji_run.json").read_text())


@pytest.fixture
def session(roots, pretended) -> Session:
    return Session("predict", RunSettings(time_budget="1h", reserve="10m"), roots)


def test_a_run_is_on_record_from_its_beginning(session, roots):
    found = record(roots)
    assert (found["kernel"], found["gpus"], found["earlier_run"], found["steps"]) == ("predict", 0, None, {})
    assert found["settings"]["time_budget"] == "1h"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found["written"])


def test_time_without_what_is_kept_for_the_end(session, roots, pretended):
    assert 2900 < session.remaining <= 3000
    assert session.grace == 300
    short = Session("predict", RunSettings(time_budget="2s", reserve="1s"), roots)
    assert short.remaining == 1
    assert short.grace == 30


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KernelError("no such thing: attach it"), "no such thing: attach it"),
        (DetectionError("no weights: train some"), "no weights: train some"),
        (CropStoreError("damaged: cut again"), "damaged: cut again"),
        (OSError("disk"), "disk"),
        (ZeroDivisionError("odd"), "ZeroDivisionError: odd"),
    ],
)
def test_a_step_that_breaks_is_on_record_and_the_next_goes_on(session, roots, error, message, capsys):
    def breaks():
        assert record(roots)["steps"]["first"] == {"status": "running"}
        raise error

    assert session.step("first", breaks) == "failed"
    assert session.step("second", lambda: ("partial", "time is up")) == "partial"
    steps = record(roots)["steps"]
    assert (steps["first"]["status"], steps["first"]["message"]) == ("failed", message)
    assert (steps["second"]["status"], steps["second"]["message"]) == ("partial", "time is up")
    assert f"first: failed after 0 s: {message}" in capsys.readouterr().out


def test_facts_stay_on_record(session, roots):
    session.note(competition="here")
    session.step("one", lambda: ("done", ""))
    assert record(roots)["competition"] == "here"


def test_it_goes_on_from_an_attached_run_and_rather_from_its_own(roots, pretended):
    attached = roots.inputs / "kuzushiji-predict"
    attached.mkdir()
    (attached / "kuzushiji_run.json").write_text(json.dumps({"kernel": "predict", "steps": {"a": {"status": "done"}}}))
    first = Session("predict", RunSettings(), roots)
    assert first.earlier is not None
    assert first.earlier[0] == attached
    assert (first.earlier_step("a"), first.earlier_step("b")) == ("done", "")
    assert Session("train", RunSettings(), roots).earlier is None
    first = Session("predict", RunSettings(), roots)
    first.step("b", lambda: ("partial", ""))
    second = Session("predict", RunSettings(), roots)
    assert second.earlier is not None
    assert second.earlier[0] == roots.working
    assert second.earlier_step("b") == "partial"


def test_runs_of_another_name_are_other_runs(roots, pretended):
    first = Session("train", RunSettings(name="train-fold-1"), roots)
    first.step("a", lambda: ("done", ""), "key")
    assert record(roots)["kernel"] == "train-fold-1"
    assert Session("train", RunSettings(name="train-fold-2"), roots).earlier is None
    roots.working.joinpath("kuzushiji_run.json").unlink()


def test_what_a_step_depended_on_is_on_record(session, roots, pretended):
    session.step("a", lambda: ("done", ""), "key")
    second = Session("predict", RunSettings(), roots)
    assert (second.earlier_key("a"), second.earlier_key("b")) == ("key", "")


def test_a_record_of_another_shape_names_no_step(roots, pretended):
    attached = roots.inputs / "old"
    attached.mkdir()
    (attached / "kuzushiji_run.json").write_text(json.dumps({"kernel": "predict", "steps": ["a"]}))
    assert Session("predict", RunSettings(), roots).earlier_step("a") == ""
