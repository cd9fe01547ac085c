"""The private dataset that carries weights to the kernels."""

import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kuzushiji_submit.core.errors import KaggleBusyError, KaggleError, KaggleRefusedError, OutputError
from kuzushiji_submit.core.scratch import scratch_folder
from kuzushiji_submit.kaggle_client.client import Client
from kuzushiji_submit.kaggle_client.waiting import polls

UPLOAD_SECONDS = 7200.0
READY_SECONDS = 1800.0  # how long Kaggle may take to unpack a new version
LICENSE = "CC-BY-SA-4.0"  # that of the competition's images, on which weights build

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dataset:
    """A dataset to be made or brought up to date.

    Attributes:
        name: "owner/slug".
        title: 6 to 50 characters.
        files: local files by the name they shall have there.
    """

    name: str
    title: str
    files: Mapping[str, Path]


def publish(client: Client, dataset: Dataset, notes: str) -> None:
    """Uploads the files as the dataset's first or next version and waits until kernels can read them.

    Args:
        client: the client.
        dataset: what to upload.
        notes: what is new in this version.

    Raises:
        KaggleError: if Kaggle does not take it, or does not list every file with its size in the end.
        OutputError: if a file cannot be read, or copied for the upload.
    """
    known = client.call(str, "dataset_state", f"looking for the dataset {dataset.name}", dataset=dataset.name)
    what = f"uploading the dataset {dataset.name}"
    with scratch_folder("dataset") as folder:
        _stage(dataset, folder)
        if known:
            answer = client.call(dict, "update_dataset", what, limit=UPLOAD_SECONDS, folder=str(folder), notes=notes)
        else:
            answer = client.call(dict, "create_dataset", what, limit=UPLOAD_SECONDS, folder=str(folder))
    if answer["status"].lower() != "ok" or answer["error"]:
        said = answer["error"] or answer["status"] or "no success"
        raise KaggleRefusedError(f"{what}: Kaggle answers {said!r}: correct what it names")
    _await_ready(client, dataset)


def _stage(dataset: Dataset, folder: Path) -> None:
    """Lays the files out as the client wants them: in one folder, under their names there, with a description."""
    for name, path in dataset.files.items():
        try:
            shutil.copyfile(path, folder / name)
        except OSError as error:
            raise OutputError(f"{path}: cannot be copied for the upload ({error.strerror}): check the path") from error
    description = {"id": dataset.name, "title": dataset.title, "licenses": [{"name": LICENSE}]}
    (folder / "dataset-metadata.json").write_text(json.dumps(description), encoding="utf-8")


def _await_ready(client: Client, dataset: Dataset) -> None:
    what = f"waiting for the dataset {dataset.name}"
    sizes = {name: path.stat().st_size for name, path in dataset.files.items()}
    state, listed = "", {}
    for gone in polls(READY_SECONDS, 5.0, 30.0):
        try:
            state = client.call(str, "dataset_state", what, dataset=dataset.name)
            listed = client.call(dict, "dataset_files", what, dataset=dataset.name) if state == "ready" else {}
        except KaggleBusyError as error:
            logger.info("%s", error)
            continue
        if state in ("failed", "deleted"):
            raise KaggleRefusedError(f"{what}: Kaggle says it is {state}: see {_page(dataset)}")
        # A client up to 2.2.4 leaves out a file whose upload failed, and Kaggle makes the dataset without it.
        if sizes.items() <= listed.items():
            return
        logger.info("the dataset %s is being unpacked (%.0f s)", dataset.name, gone)
    missing = sorted(sizes.items() - listed.items())
    raise KaggleError(
        f"{what}: it is {state or 'not to be seen'} after {READY_SECONDS:.0f} s, without {missing[0][0]} as it was "
        f"uploaded: see {_page(dataset)}"
    )


def _page(dataset: Dataset) -> str:
    return f"https://www.kaggle.com/datasets/{dataset.name}"
