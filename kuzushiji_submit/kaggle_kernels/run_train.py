"""The kernel that trains detector and recognizer, then reads the test pages with them."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.core.errors import KernelError
from kuzushiji_submit.core.time_budget import TIME_IS_UP, parse_duration
from kuzushiji_submit.kaggle_kernels.commands import run_command
from kuzushiji_submit.kaggle_kernels.find_inputs import find_competition, find_weights
from kuzushiji_submit.kaggle_kernels.lay_out_data import lay_out_data
from kuzushiji_submit.kaggle_kernels.predict_pages import Weights, predict_pages
from kuzushiji_submit.kaggle_kernels.run_predict import DETECTOR, RECOGNIZER
from kuzushiji_submit.kaggle_kernels.session import Session, Status, run_session

RUNS = "runs"
_WEIGHTS = {"detector": DETECTOR, "recognizer": RECOGNIZER}
# Prepared pages and crops are made anew in each session: they are larger than what a kernel may keep.
_STORES = {"detector": "--pages", "recognizer": "--crops"}


def run_train(values: Mapping[str, object]) -> int:
    """Trains what the settings name, goes on from an earlier run, and leaves weights, submission and report.

    Args:
        values: the settings at the head of the code file.

    Returns:
        the exit code: 1 if nothing came out of the run.
    """
    return run_session("train", values, _train)


def _train(session: Session) -> None:
    steps = session.settings.steps
    competition = find_competition(session.roots.inputs)
    session.note(competition=str(competition))
    trained = [step for step in steps if step in _WEIGHTS]
    images = ["train_images"] * bool(trained) + ["test_images"] * ("predict" in steps)
    data = lay_out_data(competition, session.roots.scratch, images)
    _take_over(session)
    for step in trained:
        session.step(step, lambda step=step: _train_one(session, step, data))  # type: ignore[misc]
    if "predict" in steps:
        predict_pages(session, data, _weights(session))


def _train_one(session: Session, what: str, data: DataFolder) -> tuple[Status, str]:
    run = session.roots.working / RUNS / what
    weights = run / _WEIGHTS[what]
    if session.earlier_step(what) == "done" and weights.is_file():
        _keep(session, weights)
        return "done", "finished by an earlier run"
    seconds = _seconds(session, what)
    outcome = run_command(
        f"train {what}",
        [
            *("train", what, "--data", data.root, "--out", run, _STORES[what], session.roots.scratch / what),
            *("--resume", "--time-budget", f"{seconds:.0f}s", "--workers", os.cpu_count() or 1),
            *_further_arguments(session, what),
        ],
        session.log(f"train-{what}"),
        limit=seconds + session.grace,
    )
    if weights.is_file():
        _keep(session, weights)
    if outcome.code not in (0, TIME_IS_UP):
        return "failed", outcome.message
    return ("partial" if outcome.code else "done"), outcome.message


def _further_arguments(session: Session, what: str) -> list[object]:
    settings = session.settings
    detector = what == "detector"
    config: str | Path = settings.detector_config if detector else settings.recognizer_config
    if "=" in str(config):  # no preset's name
        text, config = str(config), session.roots.scratch / f"{what}.toml"
        config.write_text(text, encoding="utf-8")
    return [
        *(("--config", config) if config else ()),
        *("--set", "runtime.keep_every_epoch=false"),
        # A T4 has no bfloat16.
        *(("--set", "runtime.precision=16-mixed") if session.gpus else ()),
        *(settings.detector if detector else settings.recognizer),
    ]


def _seconds(session: Session, what: str) -> float:
    """What a training may take: all that is left without prediction, or the detector's share of it."""
    settings = session.settings
    left = session.remaining - (parse_duration(settings.predict_budget) if "predict" in settings.steps else 0.0)
    share = settings.detector_share if what == "detector" and "recognizer" in settings.steps else 1.0
    return max(1.0, left * share)


def _keep(session: Session, weights: Path) -> None:
    """Puts a weights file where a data set is made of it."""
    shutil.copyfile(weights, session.roots.working / weights.name)


def _take_over(session: Session) -> None:
    """Copies the runs of an earlier session.

    Raises:
        KernelError: if they were begun on another number of GPUs, under which their schedule would not fit.
    """
    if session.earlier is None or not (session.earlier[0] / RUNS).is_dir():
        return
    folder, record = session.earlier
    unfinished = [what for what in _WEIGHTS if what in session.settings.steps and session.earlier_step(what) != "done"]
    if unfinished and record.get("gpus") != session.gpus:
        raise KernelError(
            f"{folder}: was begun on {record.get('gpus')} GPUs, here are {session.gpus}: choose the same accelerator, "
            "or take the earlier run off the inputs to begin anew"
        )
    if folder != session.roots.working:
        shutil.copytree(folder / RUNS, session.roots.working / RUNS, dirs_exist_ok=True)
        session.say(f"going on from {folder}")


def _weights(session: Session) -> Weights:
    """The weights trained here, or else those among the inputs.

    Raises:
        KernelError: if there are none for the recognizer.
    """
    inputs, working, settings = session.roots.inputs, session.roots.working, session.settings
    given = {RECOGNIZER: settings.recognizer_weights, DETECTOR: settings.detector_weights}
    found = {
        name: working / name if (working / name).is_file() else find_weights(inputs, name, path)
        for name, path in given.items()
    }
    recognizer = found[RECOGNIZER]
    if recognizer is None:
        raise KernelError(f"no {RECOGNIZER} was trained and none is among the inputs: see logs/train-recognizer.log")
    return Weights(recognizer, found[DETECTOR])
