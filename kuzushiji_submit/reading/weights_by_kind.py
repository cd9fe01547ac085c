"""Which of the recognizer's weights files read crops, and which are dense readers that join them."""

from collections.abc import Sequence
from pathlib import Path

from detection.dense.network import KIND as DENSE
from kuzushiji_submit.core.errors import WeightsError
from kuzushiji_submit.core.weights_record import read_record
from recognition.onnx_file import SUFFIX


def split_by_kind(weights: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The files of readers of crops and those of dense readers, each in their order.

    Raises:
        WeightsError: if a file is missing or damaged, or none reads crops.
    """
    dense = tuple(path for path in weights if path.suffix != SUFFIX and read_record(path).kind == DENSE)
    crops = tuple(path for path in weights if path not in dense)
    if not crops:
        raise WeightsError(
            f"{weights[0]}: a dense reader joins a recognizer that reads crops: name that one's weights as well"
        )
    return crops, dense
