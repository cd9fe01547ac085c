"""The files of what reads a page again after the recognizer."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kuzushiji_submit.reading.default_weights import column_model, text_prior

if TYPE_CHECKING:
    from kuzushiji_submit.reading.load_pipeline import PipelineConfig


@dataclass(frozen=True)
class StepFiles:
    """Files by what they hold; None for what there is not, or is not to be used.

    Attributes:
        prior: the text prior.
        column: the column model.
        second_level: the second level.
    """

    prior: Path | None = None
    column: Path | None = None
    second_level: Path | None = None

    @classmethod
    def chosen(
        cls,
        config: "PipelineConfig",
        prior: Path | None = None,
        column: Path | None = None,
        second_level: Path | None = None,
    ) -> Self:
        """Those given, or those that come with the project; of what the settings turn off, none.

        Raises:
            CompetitionFileError: if one that is given and to be used is missing.
        """
        return cls(
            text_prior(prior) if config.context.changes_something else None,
            column_model(column) if config.column.weight_for(config.context, beside_prior=True) else None,
            second_level if config.second_level.enabled else None,
        )


NO_FILES = StepFiles()
