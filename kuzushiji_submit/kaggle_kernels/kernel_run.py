"""What the steps of a run work on: the pages, the books held out, and what this run or an earlier one has left."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.core.charset import Charset
from kuzushiji_submit.core.errors import KernelError, WeightsError
from kuzushiji_submit.core.time_budget import TIME_IS_UP
from kuzushiji_submit.core.training.book_split import books_of_description
from kuzushiji_submit.core.weights_record import read_record
from kuzushiji_submit.kaggle_kernels.commands import Outcome, run_command
from kuzushiji_submit.kaggle_kernels.find_inputs import distinct, find_files, is_output
from kuzushiji_submit.kaggle_kernels.outputs import (
    COLUMN,
    DENSE,
    DETECTOR,
    HELD_OUT,
    PRIOR,
    RECOGNIZER,
    RUNS,
    SECOND_LEVEL,
)
from kuzushiji_submit.kaggle_kernels.reading_arguments import reading_arguments
from kuzushiji_submit.kaggle_kernels.session import Session, Status

ADAPT = "adapt"


@dataclass(frozen=True)
class KernelRun:
    """A run, for its steps.

    Attributes:
        session: its settings, its clock, its folders.
        data: the competition's files.
        held_out: the books that no network of this run is trained on; none where the settings hold none out.
    """

    session: Session
    data: DataFolder
    held_out: tuple[str, ...] = ()

    @property
    def working(self) -> Path:
        """The folder of what the run leaves."""
        return self.session.roots.working

    def own(self, name: str) -> Path | None:
        """A file that this run has left so far, or taken over from the run that it goes on from; None without it."""
        path = self.working / name
        return path if path.is_file() else None

    def attached(self, name: str, given: Sequence[str] = ()) -> tuple[Path, ...]:
        """Files of a name that other kernels and data sets have, each content once.

        Raises:
            KernelError: if a given file is not there.
        """
        earlier = self.session.earlier
        return find_files(self.session.roots.inputs, name, given, without=earlier[0] if earlier else None)

    def recognizers(self) -> tuple[Path, ...]:
        """The weights to read with, those of dense readers aside: those of this run first, then the attached ones.

        What this run adapted, or only calibrated, stands for the weights that it began with.
        """
        attached = self.attached(RECOGNIZER, self.session.settings.recognizer_weights)
        steps = self.session.settings.steps
        if self.own(RECOGNIZER) is not None and (ADAPT in steps or "recognizer" not in steps):
            begun_with = self.trained_without(attached)
            attached = tuple(path for path in attached if path != begun_with)
        return distinct([*filter(None, [self.own(RECOGNIZER)]), *attached])

    def detectors(self) -> tuple[Path, ...]:
        """The detectors to read with; none for the ink detector."""
        attached = self.attached(DETECTOR, self.session.settings.detector_weights)
        return distinct([*filter(None, [self.own(DETECTOR)]), *attached])

    def detector_of_fold(self) -> Path | None:
        """The detector that has not seen the books held out; None for the ink detector, which has seen none."""
        own = self.own(DETECTOR)
        return own or self.trained_without(self.attached(DETECTOR, self.session.settings.detector_weights))

    def dense_readers(self) -> tuple[Path, ...]:
        """The dense readers that join the recognizers: that of this run first, then the attached ones.

        Raises:
            KernelError: if a file that the settings name is not there.
        """
        if not self.session.settings.use_dense:
            return ()
        attached = self.attached(DENSE, self.session.settings.dense_weights)
        return self._fitting(distinct([*filter(None, [self.own(DENSE)]), *attached]))

    def dense_of_fold(self) -> tuple[Path, ...]:
        """The dense reader that has not seen the books held out, where there is one."""
        unseen = self.trained_without(self.dense_readers())
        return (unseen,) if unseen else ()

    def _fitting(self, dense: Sequence[Path]) -> tuple[Path, ...]:
        """Those that say the recognizers' characters; one that does not would keep every page from being read."""
        charset = charset_of_weights(next(iter(self.recognizers()), None))
        kept = []
        for path in dense:
            said = charset_of_weights(path)
            if charset is None or said is None or set(said.codepoints) == set(charset.codepoints):
                kept.append(path)
            else:
                self.session.say(f"{path}: left out: it says other characters than the recognizer: train it anew")
        return tuple(kept)

    def recognizer_of_fold(self) -> Path | None:
        """The recognizer that has not seen the books held out, as it was trained; None without one."""
        for step in (ADAPT, "recognizer"):
            if (path := self.own(f"{RUNS}/{step}/{RECOGNIZER}")) is not None and step in self.session.settings.steps:
                return path
        return self.trained_without(self.attached(RECOGNIZER, self.session.settings.recognizer_weights))

    def trained_without(self, weights: Sequence[Path]) -> Path | None:
        """The first of several weights files that says that it was trained without all the books held out."""
        for path in weights:
            try:
                unseen = books_of_description(read_record(path).provenance.split)
            except WeightsError:
                continue  # the commands say more about it
            if self.held_out and set(self.held_out) <= set(unseen):
                return path
        return None

    def keep_what_the_fold_had(self) -> None:
        """Copies what the attached run of the fold has and this one does not train.

        So whoever attaches this run for that of the fold has all that the fold had.
        """
        steps = self.session.settings.steps
        had = {
            DETECTOR: None if "detector" in steps else self.detector_of_fold(),
            DENSE: None if "dense" in steps else next(iter(self.dense_of_fold()), None),
            COLUMN: None if "column" in steps else self.column_of_fold(),
        }
        for name, path in had.items():
            if path is not None and self.own(name) is None:
                shutil.copyfile(path, self.working / name)

    def prior(self) -> Path | None:
        """The text prior to read with: this run's own, else the attached one, one of a data set before the others."""
        attached = sorted(self.attached(PRIOR), key=lambda path: is_output(path.parent))
        return self.own(PRIOR) or (attached[0] if attached else None)

    def column_model(self) -> Path | None:
        """The column model to read with: one that has not seen the books held out before others that are attached."""
        attached = self.attached(COLUMN) if self.session.settings.use_column else ()
        return self.column_of_fold() or next(iter(attached), None)

    def column_of_fold(self) -> Path | None:
        """The column model that has not seen the text of the books held out: this run's, or an attached one."""
        if not self.session.settings.use_column:
            return None
        return self.own(COLUMN) or self.trained_without(self.attached(COLUMN))

    def reading_of_fold(self, recognizer: Path) -> list[object]:
        """The options to read the books held out with: all there is that has not seen them.

        Args:
            recognizer: weights of the recognizer of the fold.
        """
        detector = self.detector_of_fold()
        return reading_arguments(
            [recognizer, *self.dense_of_fold()], [detector] if detector else [], self.prior(), self.column_of_fold()
        )

    def second_level(self) -> Path | None:
        """What this run learned of which characters are worth a row, or the one that is attached alone."""
        attached = self.attached(SECOND_LEVEL)
        return self.own(SECOND_LEVEL) or (attached[0] if len(attached) == 1 else None)

    def readings(self) -> tuple[Path, ...]:
        """The readings of held-out books: of one that several runs held out those of this run come first."""
        return distinct([*filter(None, [self.own(HELD_OUT)]), *self.attached(HELD_OUT)])

    def command(self, step: str, arguments: Sequence[object], seconds: float) -> Outcome:
        """Runs the command of a step, with the further arguments that the settings have for it."""
        arguments = [*arguments, *self.config(step), *self.session.settings.arguments.get(step, ())]
        name = step.replace("_", "-")
        return run_command(name, arguments, self.session.log(name), limit=seconds + self.session.grace)

    def config(self, step: str) -> list[object]:
        """The option for the preset, or the text of a TOML file, that the settings have for a step."""
        config: str | Path = self.session.settings.configs.get(step, "")
        if "=" in str(config):  # no preset's name
            text, config = str(config), self.session.roots.scratch / f"{step}.toml"
            config.write_text(text, encoding="utf-8")
        return ["--config", config] if config else []


def charset_of_weights(path: Path | None) -> Charset | None:
    """The characters that a weights file says; None where it is none that tells."""
    try:
        return read_record(path).charset if path else None
    except WeightsError:
        return None  # the commands say more about it


def ended(outcome: Outcome) -> tuple[Status, str]:
    """How a step ended whose command ended so.

    Raises:
        KernelError: if the command failed.
    """
    if outcome.code not in (0, TIME_IS_UP):
        raise KernelError(outcome.message)
    return ("partial" if outcome.code else "done"), outcome.message
