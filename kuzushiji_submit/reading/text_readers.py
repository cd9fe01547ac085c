"""What reads a page again with the text around each character: a text prior, a column model, both, or neither."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from kuzushiji_submit.reading.column.config import ColumnConfig
from kuzushiji_submit.reading.column.step import ColumnStep
from kuzushiji_submit.reading.context.config import ContextConfig
from kuzushiji_submit.reading.context.ngram_context import NgramContext
from kuzushiji_submit.reading.context.step import ContextStep
from kuzushiji_submit.reading.page_reading import PageStep
from kuzushiji_submit.reading.prior.prior_file import load_prior
from kuzushiji_submit.reading.prior.text_prior import TextPrior
from kuzushiji_submit.reading.step_files import StepFiles
from recognition.column.column_model import ColumnModel

WEIGHTS = (0.0, 0.2, 0.35, 0.5, 0.7, 0.9)
"""What `kuzushiji calibrate` tries; 0 for readers whom the text would only hurt."""


@dataclass(eq=False)
class TextReaders:
    """Makes the steps of a text prior and a column model; a file is loaded with the first step that needs it.

    Attributes:
        files: of both, or of one, or of neither.
        codepoints: the reader's characters in class order.
        column: how the column model weighs in.
    """

    files: StepFiles
    codepoints: Sequence[str]
    column: ColumnConfig

    def steps(self, context: ContextConfig) -> tuple[PageStep, ...]:
        """The steps of a pipeline, none where nothing would change.

        Args:
            context: how the text weighs in; the column model's weight follows it.

        Raises:
            PriorFileError: if the prior is missing or damaged.
            WeightsError: if the column model is.
        """
        steps: list[PageStep] = []
        if context.changes_something and self._prior is not None:
            steps.append(ContextStep(NgramContext(self._prior, self.codepoints, context)))
        if self.column.weight_for(context, beside_prior=bool(steps)) and self._model is not None:
            steps.append(ColumnStep(self._model, self.column, context))
        return tuple(steps)

    def to_choose_from(self, context: ContextConfig) -> dict[float, tuple[PageStep, ...]]:
        """The steps by the weight of the text, for WEIGHTS; empty where the settings name one, or nothing has one.

        Args:
            context: the other settings.

        Raises:
            PriorFileError, WeightsError: as `steps`.
        """
        follows = self.files.prior or (self.files.column and self.column.weight is None)
        if not follows or context.weight is not None:
            return {}
        return {weight: self.steps(replace(context, weight=weight)) for weight in WEIGHTS}

    @cached_property
    def _prior(self) -> TextPrior | None:
        return load_prior(self.files.prior) if self.files.prior else None

    @cached_property
    def _model(self) -> ColumnModel | None:
        return ColumnModel.load(self.files.column, self.codepoints) if self.files.column else None
