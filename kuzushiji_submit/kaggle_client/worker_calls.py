"""What the worker can be asked for: each function takes the authenticated client and gives back plain JSON values."""

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from kuzushiji_submit.kaggle_client.credentials import find_credentials, home_folder
from kuzushiji_submit.kaggle_client.veil import Veil

if TYPE_CHECKING:
    from kaggle.api.kaggle_api_extended import KaggleApi
    from kagglesdk.datasets.types.dataset_api_service import ApiCreateDatasetResponse

Record = dict[str, Any]

_LISTED = 200  # the most entries a page of a listing may have
_CHUNK = 1 << 18  # bytes; what a cut connection loses at most


def veil_of(api: "KaggleApi | None") -> Veil:
    """Hides what lies in the client's places, and a token that a login by browser has given it."""
    found = find_credentials(os.environ, home_folder())
    values = {name: str(value) for name, value in (api.config_values if api else {}).items() if value}
    return Veil(found.secrets | {values.get("key", ""), values.get("token", "")}, found.users)


def user_name(api: "KaggleApi") -> str:
    """The account's name, as it stands in the addresses of its kernels and datasets."""
    return str(api.config_values.get("username", ""))


def list_files(api: "KaggleApi", competition: str) -> list[Record]:
    """Every file of a competition, with name, totalBytes and creationDate."""
    files: list[Record] = []
    token = ""
    while True:
        page = api.competition_list_files(competition, page_token=token, page_size=_LISTED)
        files += [type(file).to_dict(file) for file in page.files or ()]
        token = page.next_page_token
        if not token:
            return files


def download_archive(api: "KaggleApi", competition: str, folder: str) -> bool:
    """One archive of all files of a competition; goes on where an earlier download was cut. True when it is whole."""
    _download_once(api).competition_download_files(competition, folder, quiet=False)
    return True


def download_file(api: "KaggleApi", competition: str, name: str, folder: str) -> list[str]:
    """One file of a competition into an empty folder; gives the paths of what came (large files come zipped)."""
    _download_once(api).competition_download_file(competition, name, folder, quiet=True)
    return [str(path) for path in Path(folder).rglob("*") if path.is_file()]


def _download_once(api: "KaggleApi") -> "KaggleApi":
    """Leaves trying again to the caller: the client would wait a minute for a full disk to become empty."""
    api.download_file = functools.partial(type(api).download_file, api, max_retries=0, chunk_size=_CHUNK)
    return api


def submit(api: "KaggleApi", competition: str, file: str, message: str) -> Record:
    """Uploads and submits; a failed upload is an answer with the client's message for that and no ref."""
    answer = api.competition_submit(file, message, competition, quiet=False)
    return {
        "ref": answer.ref or 0,
        "message": answer.message or "",
        "uploaded": answer.message != api.COMPETITION_SUBMIT_UPLOAD_FAILED_MESSAGE,
    }


def list_submissions(api: "KaggleApi", competition: str, page: int) -> list[Record]:
    """One page of the account's submissions, newest first."""
    found = api.competition_submissions(competition, page_number=page, page_size=_LISTED)
    return [type(entry).to_dict(entry) for entry in found or ()]


def push_kernel(api: "KaggleApi", folder: str, seconds: int | None, accelerator: str | None) -> Record:
    """Saves a kernel folder as a new version and runs it."""
    answer = api.kernels_push(folder, str(seconds) if seconds else None, accelerator)
    record: Record = type(answer).to_dict(answer)
    return record


def kernel_status(api: "KaggleApi", kernel: str) -> Record:
    """The state of a kernel's latest run."""
    answer = api.kernels_status(kernel)
    record: Record = type(answer).to_dict(answer)
    return record


def kernel_output(api: "KaggleApi", kernel: str, folder: str) -> list[str]:
    """Fetches what a run left, all pages of it, and its log; gives the paths.

    The client's own way is not taken: version 2.2.4 keeps an error page as the file's content, holds whole files in
    memory and follows "../" in a file's name.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)  # a run that failed at once leaves a log and no file
    paths: list[str] = []
    log = ""
    for page in _output_pages(api, kernel):
        for file in page.files or ():
            path = _inside(target, file.file_name)
            _fetch(api, file.url, path)
            paths.append(str(path))
        log = log or page.log or ""
    if log:
        path = target / f"{kernel.split('/')[1]}.log"
        path.write_text(veil_of(api).text(log), encoding="utf-8")
        paths.append(str(path))
    return paths


def _output_pages(api: "KaggleApi", kernel: str) -> Iterator[Any]:
    from kagglesdk.kernels.types.kernels_api_service import ApiListKernelSessionOutputRequest

    request = ApiListKernelSessionOutputRequest()
    request.user_name, request.kernel_slug = kernel.split("/")
    request.page_size, request.page_token = _LISTED, ""
    while True:
        with api.build_kaggle_client() as kaggle:
            page = kaggle.kernels.kernels_api_client.list_kernel_session_output(request)
        yield page
        request.page_token = page.next_page_token or ""
        if not request.page_token:
            return


def _inside(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name:
        raise ValueError(f"the run left a file named {name!r}, which lies outside the folder to write to")
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _fetch(api: "KaggleApi", url: str, path: Path) -> None:
    import requests

    with requests.get(url, stream=True, timeout=60) as answer:
        answer.raise_for_status()
        if api.download_needed(answer, str(path), quiet=True):
            _download_once(api).download_file(answer, str(path), None, quiet=False, resume=True)


def dataset_state(api: "KaggleApi", dataset: str) -> str:
    """The state of a dataset ("owner/slug"), such as "ready"; empty if there is none."""
    from requests.exceptions import HTTPError

    try:
        return str(api.dataset_status(dataset))
    except HTTPError as error:
        if error.response is not None and error.response.status_code == 404:
            return ""
        raise


def dataset_files(api: "KaggleApi", dataset: str) -> dict[str, int]:
    """Bytes of every file of a dataset's current version, by name."""
    sizes: dict[str, int] = {}
    token = ""
    while True:
        page = api.dataset_list_files(dataset, page_token=token, page_size=_LISTED)
        sizes |= {file.name: file.total_bytes for file in page.files or ()}
        token = page.next_page_token
        if not token:
            return sizes


def create_dataset(api: "KaggleApi", folder: str) -> Record:
    """Makes the private dataset that the folder's dataset-metadata.json describes."""
    return _dataset_answer(api.dataset_create_new(folder, public=False, quiet=False))


def update_dataset(api: "KaggleApi", folder: str, notes: str) -> Record:
    """Saves a folder as the next version of its dataset."""
    return _dataset_answer(api.dataset_create_version(folder, notes, quiet=False))


def _dataset_answer(answer: "ApiCreateDatasetResponse") -> Record:
    return {"status": answer.status or "", "error": answer.error or "", "url": answer.url or ""}


CALLS: dict[str, Callable[..., object]] = {
    function.__name__: function
    for function in (
        user_name,
        list_files,
        download_archive,
        download_file,
        submit,
        list_submissions,
        push_kernel,
        kernel_status,
        kernel_output,
        dataset_state,
        dataset_files,
        create_dataset,
        update_dataset,
    )
}
