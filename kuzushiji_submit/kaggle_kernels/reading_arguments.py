"""The options that say with what a command reads pages."""

from collections.abc import Iterable
from pathlib import Path


def reading_arguments(
    recognizers: Iterable[Path], detectors: Iterable[Path], prior: Path | None, column: Path | None
) -> list[object]:
    """The options for weights, text prior and column model.

    Args:
        recognizers: readers of crops, then dense readers, which join them.
        detectors: without any the ink detector finds the characters.
        prior: the text prior, if there is one.
        column: the column model, if there is one.
    """
    found = tuple(detectors)
    return [
        *("--recognizer-weights", *recognizers),
        *(("--detector", "heatmap", "--detector-weights", *found) if found else ("--detector", "ink")),
        *(("--prior", prior) if prior else ()),
        *(("--column", column) if column else ()),
    ]
