"""A stand-in for Kaggle's server on loopback: it speaks to the unmodified `kaggle` client as an HTTP(S) proxy.

The client is told by an environment variable of its own to talk to "http://localhost" and sent here by `http_proxy`;
with a certificate authority of the test's own, the production address works as well.
"""

import base64
import io
import ssl
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from kaggle_http import Failure, Handler, HttpServer, Recorded

COMPETITION = "kuzushiji-recognition"


class KaggleServer:
    """Holds the state of one pretended Kaggle and serves it on a free port.

    Failures are queued per call: `server.fail("CreateSubmission", Failure(429), None)` fails the next one and answers
    the one after it. `server.cut_after` lists numbers of bytes after which the next downloads lose their connection.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.tls: ssl.SSLContext | None = None
        self._http = HttpServer(("127.0.0.1", 0), Handler)
        self._http.kaggle = self
        self._http.daemon_threads = True
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.reset()

    def reset(self) -> None:
        """Back to a Kaggle where nothing has happened yet."""
        self.requests: list[Recorded] = []
        self.failures: dict[str, list[Failure | None]] = defaultdict(list)
        self.cut_after: list[int] = []
        self.user = "tester"
        self.token_active = True
        # The competition: files inside its archive, and submissions made.
        self.files: dict[str, bytes] = {}
        self.listed_sizes: dict[str, int] = {}  # where the listing shall say something else than the truth
        self.bytes_per_second: int | None = None  # of downloads; None for as many as there are
        self.etag = '"edition-1"'
        self.uploads: dict[str, bytes] = {}
        self.submissions: list[dict[str, object]] = []
        self.scoring: list[dict[str, object]] = [{"status": "COMPLETE", "publicScore": "0.9", "privateScore": "0.8"}]
        self.unlisted = 0  # listings that do not show the newest submission yet
        self.limits: dict[str, object] = {"numToday": 1, "numTotal": 9, "numAllowedNow": 4, "limitedByTotal": False}
        # Kernels and datasets.
        self.push_answer: dict[str, object] = {}
        self.kernels: list[dict[str, object]] = []
        self.kernel_states: list[dict[str, object]] = [{"status": "COMPLETE"}]
        self.output: dict[str, bytes] = {}
        self.log = '[{"stream_name": "stdout", "time": 1.0, "data": "hello\\n"}]'
        self.page_size = 20
        self.datasets: dict[str, list[dict[str, bytes]]] = {}  # "owner/slug": files of each version
        self.dataset_answer: dict[str, object] = {}
        self.dataset_states: list[object] = ["READY"]
        self._blobs = 0
        self._names: dict[str, str] = {}

    def __enter__(self) -> "KaggleServer":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def environment(self, home: Path, *, key: str | None = "secret") -> dict[str, str]:
        """Environment variables that send the client here; the caller removes every other KAGGLE_* one."""
        variables = {
            "HOME": str(home),
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
            "http_proxy": self.proxy,
            "no_proxy": "",
            "NO_PROXY": "",
        }
        return variables if key is None else {**variables, "KAGGLE_USERNAME": self.user, "KAGGLE_KEY": key}

    def fail(self, name: str, *failures: Failure | None) -> None:
        """Queues what the next calls of an RPC (or "PUT", "GET") meet; None lets one through."""
        self.failures[name] += failures

    def calls(self, name: str) -> list[Recorded]:
        """The requests of one RPC so far, or of "PUT" or "GET"."""
        return [request for request in self.requests if request.name == name]

    def archive(self) -> bytes:
        """The zip file of the whole competition."""
        return zip_of(self.files)

    # What each RPC answers. A tuple is a status and a body.

    def rpc_IntrospectToken(self, body: dict, base: str):
        return {"active": self.token_active, "username": self.user, "userId": 7, "scope": "resources.admin:*"}

    def rpc_ListDataFiles(self, body: dict, base: str):
        names = list(self.files)
        page, more = _page(names, body, self.page_size)
        sizes = {name: self.listed_sizes.get(name, len(self.files[name])) for name in page}
        files = [
            {"name": name, "ref": name, "totalBytes": size, "creationDate": "2019-07-18T18:20:00.123Z"}
            for name, size in sizes.items()
        ]
        return {"files": files, "nextPageToken": more}

    def rpc_DownloadDataFiles(self, body: dict, base: str):
        return 302, f"{base}/files/archive.zip?sig=1"

    def rpc_DownloadDataFile(self, body: dict, base: str):
        name = body["fileName"]
        return (302, f"{base}/file/{name}?sig=1") if name in self.files else (404, "Not found")

    def rpc_StartSubmissionUpload(self, body: dict, base: str):
        return self._start_upload(body["fileName"], base)

    def rpc_CreateSubmission(self, body: dict, base: str):
        token = str(body["blobFileTokens"])
        if token not in self.uploads:
            return 400, "Blob was not uploaded"
        ref = 50000001 + len(self.submissions)
        submission = {
            "ref": ref,
            "fileName": self._names[token],
            "date": "2026-11-22T12:00:00.123Z",
            "description": body.get("submissionDescription", ""),
            "totalBytes": len(self.uploads[token]),
            "status": "PENDING",
        }
        self.submissions.insert(0, submission)
        return {"message": "Successfully submitted to Kuzushiji Recognition", "ref": ref}

    def rpc_GetSubmissionLimits(self, body: dict, base: str):
        return self.limits

    def rpc_ListSubmissions(self, body: dict, base: str):
        if self.unlisted and self.submissions:
            self.unlisted -= 1
            return {"submissions": self.submissions[1:]}
        if self.submissions and self.submissions[0]["status"] == "PENDING":
            self.submissions[0].update(_next(self.scoring))
        size = int(body.get("pageSize", 20))
        start = (int(body.get("page", 1)) - 1) * size
        return {"submissions": self.submissions[start : start + size], "nextPageToken": ""}

    def rpc_SaveKernel(self, body: dict, base: str):
        self.kernels.append(body)
        return {
            "ref": f"/{body['slug']}",
            "url": f"https://www.kaggle.com/code/{body['slug']}",
            "versionNumber": len(self.kernels),
            "error": "",
            "kernelId": 99,
            **self.push_answer,
        }

    def rpc_GetKernelSessionStatus(self, body: dict, base: str):
        return _next(self.kernel_states)

    def rpc_ListKernelSessionOutput(self, body: dict, base: str):
        page, more = _page(list(self.output), body, self.page_size)
        files = [{"url": f"{base}/output/{name}?sig=1", "fileName": name} for name in page]
        return {"files": files, "log": self.log, "nextPageToken": more}

    def rpc_GetDatasetStatus(self, body: dict, base: str):
        known = f"{body['ownerSlug']}/{body['datasetSlug']}" in self.datasets
        return {"status": _next(self.dataset_states)} if known else (404, "Not found")

    def rpc_StartBlobUpload(self, body: dict, base: str):
        return self._start_upload(body["name"], base)

    def rpc_ListDatasetFiles(self, body: dict, base: str):
        versions = self.datasets.get(f"{body['ownerSlug']}/{body['datasetSlug']}")
        if not versions:
            return 404, "Not found"
        page, more = _page(list(versions[-1]), body, self.page_size)
        files = [{"name": name, "totalBytes": len(versions[-1][name])} for name in page]
        return {"datasetFiles": files, "nextPageToken": more}

    def rpc_CreateDataset(self, body: dict, base: str):
        return self._save_dataset(f"{body['ownerSlug']}/{body['slug']}", body.get("files", []))

    def rpc_CreateDatasetVersion(self, body: dict, base: str):
        return self._save_dataset(f"{body['ownerSlug']}/{body['datasetSlug']}", body["body"].get("files", []))

    def _save_dataset(self, name: str, files: list[dict]):
        if not self.dataset_answer.get("error"):
            contents = {self._names[item["token"]]: self.uploads[item["token"]] for item in files}
            self.datasets.setdefault(name, []).append(contents)
        url = f"https://www.kaggle.com/datasets/{name}"
        return {"ref": name, "url": url, "status": "Ok", "error": "", **self.dataset_answer}

    def _start_upload(self, name: str, base: str):
        self._blobs += 1
        token = f"blob{self._blobs}"
        self._names[token] = name
        return {"token": token, "createUrl": f"{base}/upload/{token}?upload_id=x"}

    def file_content(self, path: str) -> bytes | None:
        """What a GET of a path gives."""
        kind, _, name = path.lstrip("/").partition("/")
        if kind == "files":
            return self.archive()
        return {"file": self.files, "output": self.output}.get(kind, {}).get(name)


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """A zip file of the given contents; the same contents give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2019, 7, 18, 18, 20, 0)), content)
    return stream.getvalue()


def _page(names: list[str], body: dict, most: int) -> tuple[list[str], str]:
    start = int(body.get("pageToken") or 0)
    end = start + min(int(body.get("pageSize", 20)), most)
    return names[start:end], str(end) if end < len(names) else ""


def _next(states: list[Any]) -> Any:
    """The states in turn; the last one stays."""
    return states.pop(0) if len(states) > 1 else states[0]


def basic(user: str, key: str) -> str:
    """The Authorization header of a user and a key."""
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()
