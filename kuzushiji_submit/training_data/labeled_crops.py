"""Crops of labeled pages, cut as weights that are there need them."""

from collections.abc import Sequence
from pathlib import Path

from kuzushiji_submit.competition.data_folder import DataFolder
from kuzushiji_submit.training_data.prepare_crops import prepare_crops
from recognition.weights_file import read_metadata


def cut_labeled(folders: Sequence[Path], cut_to: Path, recognizer: Path, *, workers: int = 1) -> list[Path]:
    """Cuts the labeled characters of data folders for a recognizer; what is cut already is taken as it is.

    Args:
        folders: data folders.
        cut_to: gets one store a folder: labeled-1, labeled-2, ...
        recognizer: its weights say how crops are cut, and which characters there are.
        workers: processes that cut.

    Returns:
        The stores, in the order of the folders.

    Raises:
        WeightsError: if the weights are missing, damaged or no recognizer's.
        CompetitionFileError: if a folder cannot be read.
        CropStoreError: if a store holds crops of other settings, or of pages or truth that have changed since.
        OutputError: if the disk is full.
    """
    if not folders:
        return []
    metadata = read_metadata(recognizer)
    stores = [cut_to / f"labeled-{number}" for number in range(1, len(folders) + 1)]
    for folder, store in zip(folders, stores, strict=True):
        prepare_crops(DataFolder(folder), store, metadata.charset, metadata.crop, metadata.ink, workers=workers)
    return stores
