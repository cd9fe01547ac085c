"""The main program of both kernels: the steps that the settings name, one after the other."""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence

from kuzushiji_submit.core.errors import ConfigError, DurationError, KernelError, KuzushijiError
from kuzushiji_submit.core.settings import from_plain
from kuzushiji_submit.kaggle_kernels.all_steps import chosen_steps
from kuzushiji_submit.kaggle_kernels.deal_books import books_of_fold
from kuzushiji_submit.kaggle_kernels.find_inputs import find_competition
from kuzushiji_submit.kaggle_kernels.kernel_run import KernelRun
from kuzushiji_submit.kaggle_kernels.kernel_settings import RunSettings
from kuzushiji_submit.kaggle_kernels.kernel_step import Step
from kuzushiji_submit.kaggle_kernels.lay_out_data import lay_out_data
from kuzushiji_submit.kaggle_kernels.outputs import COLUMN, DENSE, DETECTOR, HELD_OUT, RECOGNIZER
from kuzushiji_submit.kaggle_kernels.roots import Roots
from kuzushiji_submit.kaggle_kernels.session import Session, Status


def run_kernel(kernel: str, values: Mapping[str, object]) -> int:
    """Does the steps that the settings name, goes on from an earlier run, and leaves what each step leaves.

    Args:
        kernel: "train" or "predict".
        values: the settings at the head of the code file.

    Returns:
        the exit code: 1 if nothing came out of the run.
    """
    return run_session(kernel, values, do_steps)


def run_session(kernel: str, values: Mapping[str, object], work: Callable[[Session], None]) -> int:
    """Runs a program in a session that records what became of it.

    Args:
        kernel: "train" or "predict".
        values: the settings at the head of the code file.
        work: the program.

    Returns:
        the exit code: 1 if nothing came out of the run.
    """
    try:
        session = Session(kernel, read_run_settings(values), Roots.of_session())
        session.step("run", lambda: _whole(session, work))
    except KuzushijiError as error:
        sys.stdout.write(f"kernel: error: {' '.join(str(error).split())}\n")
        return 1
    return session.summary()


def read_run_settings(values: Mapping[str, object]) -> RunSettings:
    """Run settings out of plain values, such as those at the head of a code file.

    Raises:
        KernelError: if a key or a step is unknown or a value has the wrong type or is out of its range.
        DurationError: if a time is no duration.
    """
    try:
        settings = from_plain(RunSettings, values, "the kernel's settings")
    except DurationError:
        raise  # says what to write by itself
    except ConfigError as error:
        raise KernelError(f"{error}: correct kernels/NAME/settings.toml") from error
    chosen_steps(settings)
    return settings


def do_steps(session: Session) -> None:
    """Does the steps that the settings name.

    Raises:
        KernelError: if the competition is missing, or what was begun on other GPUs would have to go on.
    """
    steps = chosen_steps(session.settings)
    competition = find_competition(session.roots.inputs)
    images = dict.fromkeys(name for step in steps for name in step.images)
    data = lay_out_data(competition, session.roots.scratch, list(images))
    _take_over(session, steps)
    held_out = books_of_fold(data.train_csv, session.settings.folds, session.settings.fold)
    session.note(competition=str(competition), held_out=list(held_out))
    run = KernelRun(session, data, held_out)
    run.keep_what_the_fold_had()
    anew: set[str] = set()
    keys: dict[str, str] = {}
    for place, step in enumerate(steps):
        keys[step.name] = _key(run, step, keys)
        if _is_done(session, step, keys[step.name]) and anew.isdisjoint(step.after):
            session.step(step.name, lambda: ("done", "finished by an earlier run"), keys[step.name])
            continue
        seconds = _seconds(session, step, steps[place:])
        status = session.step(step.name, _work_of(step, run, seconds), keys[step.name])
        if not status == session.earlier_step(step.name) == "skipped":
            anew.add(step.name)


def _work_of(step: Step, run: KernelRun, seconds: float) -> Callable[[], tuple[Status, str]]:
    return lambda: step.work(run, seconds)


def _whole(session: Session, work: Callable[[Session], None]) -> tuple[Status, str]:
    work(session)
    return "done", ""


def _seconds(session: Session, step: Step, left: Sequence[Step]) -> float:
    """What a step may take of the time that is left: its share beside those of the steps after it."""
    shares = {each.name: session.settings.shares.get(each.name, each.share) for each in left}
    return max(1.0, session.remaining * shares[step.name] / sum(shares.values()))


def _key(run: KernelRun, step: Step, keys: Mapping[str, str]) -> str:
    """Stands for what the outcome of a step depends on, as far as a run can be told about it."""
    settings = run.session.settings
    names = (RECOGNIZER, DETECTOR, HELD_OUT, DENSE, COLUMN) if step.after else ()
    attached = [path for name in names for path in run.attached(name)]
    facts = [
        *(settings.configs.get(step.name, ""), list(settings.arguments.get(step.name, ()))),
        *(list(run.held_out), [keys.get(name, "") for name in step.after]),
        [path.relative_to(run.session.roots.inputs).as_posix() for path in attached],
        [list(settings.dense_weights), settings.use_dense, settings.use_column] if step.after else [],
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _is_done(session: Session, step: Step, key: str) -> bool:
    """Whether the earlier run has done a step as it is wanted now, and what it left is here."""
    whole = all((session.roots.working / name).exists() for name in step.leaves)
    return (
        bool(step.leaves)
        and whole
        and (session.earlier_step(step.name), session.earlier_key(step.name))
        == (
            "done",
            key,
        )
    )


def _take_over(session: Session, steps: Sequence[Step]) -> None:
    """Copies what the steps of an earlier run left.

    Raises:
        KernelError: if a training was begun on another number of GPUs, under which its schedule would not fit.
    """
    if session.earlier is None:
        return
    folder, record = session.earlier
    taken = [step for step in steps if any((folder / name).exists() for name in step.leaves)]
    unfinished = [step for step in taken if step.trains and session.earlier_step(step.name) != "done"]
    if unfinished and record.get("gpus") != session.gpus:
        raise KernelError(
            f"{folder}: was begun on {record.get('gpus')} GPUs, here are {session.gpus}: choose the same accelerator, "
            "or take the earlier run off the inputs to begin anew"
        )
    if folder == session.roots.working or not taken:
        return
    for name in dict.fromkeys(name for step in taken for name in step.leaves):
        if (folder / name).is_dir():
            shutil.copytree(folder / name, session.roots.working / name, dirs_exist_ok=True)
        elif (folder / name).is_file():
            (session.roots.working / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, session.roots.working / name)
    session.say(f"going on from {folder}")
