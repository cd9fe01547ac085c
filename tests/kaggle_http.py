"""The wire of the stand-in for Kaggle: a proxy for HTTP and, with a certificate, for HTTPS; failures on demand."""

import json
import re
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

RPC_PATH = re.compile(r"(?:/api)?/v1/(?P<service>[\w.]+)/(?P<rpc>\w+)")
LAST_MODIFIED = "Thu, 18 Jul 2019 18:20:00 GMT"


@dataclass(frozen=True)
class Failure:
    """What a call meets instead of its answer.

    Attributes:
        status: HTTP status.
        message: of the JSON body; None for a page of HTML, as a load balancer sends.
        sent: HTTP status that is sent in the place of the one in the body.
        headers: further headers, such as Retry-After.
        done: the server does what was asked and the answer alone is lost.
        cut: the connection is closed without an answer.
        delay: seconds before anything is said.
    """

    status: int = 500
    message: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    done: bool = False
    cut: bool = False
    delay: float = 0.0
    sent: int | None = None


@dataclass(frozen=True)
class Recorded:
    """One request: `name` is the RPC, or the method of a file transfer ("PUT", "GET")."""

    name: str
    url: str
    body: object
    headers: Mapping[str, str]


class HttpServer(ThreadingHTTPServer):
    """Serves what its `kaggle`, a stand-in, answers."""

    kaggle: Any

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has had enough is no news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    scheme = "http"

    @property
    def kaggle(self) -> Any:
        return self.server.kaggle

    def log_message(self, *args: object) -> None:
        """Keeps the test's output clean."""

    def do_CONNECT(self) -> None:
        if self.kaggle.tls is None:
            self.send_error(502)
            return
        self.send_response(200)
        self.end_headers()
        self.connection = self.kaggle.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.scheme = "https"
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        if self.scheme == "https":
            self.connection.close()  # the server closes only the socket that it made

    def do_POST(self) -> None:
        body = json.loads(self._read() or b"{}")
        match = RPC_PATH.fullmatch(urlsplit(self.path).path)
        method: Callable | None = getattr(self.kaggle, f"rpc_{match['rpc']}", None) if match else None
        if match is None or method is None:
            self._json(404, {"code": 404, "message": f"no such call: {self.path}"})
            return
        self._serve(match["rpc"], body, lambda: self._answer(method(body, self._base())))

    def do_PUT(self) -> None:
        content = self._read()
        token = urlsplit(self.path).path.rpartition("/")[2]

        def store() -> None:
            self.kaggle.uploads[token] = content
            self._send(200, b"", "text/plain")

        self._serve("PUT", content, store)

    def do_GET(self) -> None:
        self._serve("GET", None, self._send_file)

    def _serve(self, name: str, body: object, act: Callable[[], None]) -> None:
        with self.kaggle.lock:
            self.kaggle.requests.append(Recorded(name, self.path, body, dict(self.headers)))
            failure = self.kaggle.failures[name].pop(0) if self.kaggle.failures[name] else None
        if failure is None:
            act()
            return
        if failure.done:
            self._send = lambda *args, **kwargs: None  # the work is done and its answer lost
            act()
            del self._send
        time.sleep(failure.delay)
        if failure.cut:
            self.close_connection = True
        elif failure.message is None:
            page = f"<html><body>{failure.status}</body></html>".encode()
            self._send(failure.status, page, "text/html", failure.headers)
        else:
            body = {"code": failure.status, "message": failure.message}
            self._json(failure.sent or failure.status, body, failure.headers)

    def _answer(self, answer: object) -> None:
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        if status == 302:
            self._send(302, b"", "text/plain", {"Location": body})
        elif status >= 400:
            self._json(status, {"code": status, "message": body})
        else:
            self._json(status, body)

    def _send_file(self) -> None:
        content = self.kaggle.file_content(urlsplit(self.path).path)
        if content is None:
            self._send(404, b"<html>no such file</html>", "text/html")
            return
        start = 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and self.headers.get("If-Range", self.kaggle.etag) == self.kaggle.etag:
            start = int(wanted[1])
        headers = {"Last-Modified": LAST_MODIFIED, "Accept-Ranges": "bytes", "ETag": self.kaggle.etag}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        with self.kaggle.lock:
            cut = self.kaggle.cut_after.pop(0) if self.kaggle.cut_after else None
        self._send(206 if start else 200, content[start:], "application/octet-stream", headers, cut)

    def _base(self) -> str:
        return f"{self.scheme}://{self.headers['Host']}"

    def _read(self) -> bytes:
        if "Content-Length" in self.headers:
            return self.rfile.read(int(self.headers["Content-Length"]))
        content = b""
        while size := int(self.rfile.readline(), 16):  # chunked
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def _json(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), "application/json; charset=utf-8", headers)

    def _send(
        self,
        status: int,
        content: bytes,
        kind: str,
        headers: Mapping[str, str] | None = None,
        cut: int | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self._write(content[:cut])
        if cut is not None:
            self.close_connection = True

    def _write(self, content: bytes) -> None:
        speed = self.kaggle.bytes_per_second
        step = max(len(content), 1) if speed is None else max(speed // 20, 1)
        for start in range(0, len(content), step):
            self.wfile.write(content[start : start + step])
            if speed is not None:
                time.sleep(step / speed)
