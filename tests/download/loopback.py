"""A host on this machine: files with ranges, ETags and hashes, interfaces that answer JSON, and every bad habit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from attrs import define, field


@define
class Page:
    """What lies under one path. ``ranges``: whether parts are given. ``cuts``: after how many bytes the next answers
    break off. ``errors``: (status, headers) of the next answers, before any good one."""

    body: bytes = b""
    kind: str = "application/octet-stream"
    etag: str = '"1"'
    ranges: bool = True
    length: bool = True
    cuts: list[int] = field(factory=list)
    errors: list[tuple[int, dict[str, str]]] = field(factory=list)
    leads_to: str = ""


@define
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]


class Loopback:
    """The host: its pages by path (with the query), and what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []
        self.url = ""

    def __call__(self, path: str, body: bytes = b"", **rest: object) -> Page:
        page = self.pages[path] = Page(body, **rest)  # type: ignore[arg-type]
        return page

    def ranges(self, path: str) -> list[str]:
        """The Range headers of the requests for a path, '' for none."""
        return [asked.headers.get("range", "") for asked in self.asked if asked.path == path]


@contextmanager
def serving(before: Callable[[], None] | None = None) -> Iterator[Loopback]:
    """A host for as long as the block lasts."""
    host = Loopback()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            host.asked.append(Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
            page = host.pages.get(self.path)
            if page is None:
                return self._answer(404, {}, b"nothing here")
            if page.errors:
                status, headers = page.errors.pop(0)
                return self._answer(status, headers, b"not now")
            if page.leads_to:
                return self._answer(302, {"Location": page.leads_to}, b"")
            return self._file(page)

        def _file(self, page: Page) -> None:
            body, status, headers = page.body, 200, {"Content-Type": page.kind}
            if page.etag:
                headers["ETag"] = page.etag
            asked, condition = self.headers.get("Range"), self.headers.get("If-Range")
            if asked and page.ranges and condition in (None, page.etag):
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
                if start >= len(body):
                    return self._answer(416, {"Content-Range": f"bytes */{len(body)}"}, b"")
                headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
                body, status = body[start:], 206
            return self._answer(status, headers, body, page.cuts.pop(0) if page.cuts else None, page.length)

        def _answer(
            self, status: int, headers: dict[str, str], body: bytes, cut: int | None = None, length: bool = True
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if length:
                self.send_header("Content-Length", str(len(body)))
            if cut is not None or not length:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body if cut is None else body[:cut])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client may stop in the middle
    host.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Quiet:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.started: list[tuple[str, int, int]] = []
        self.done = 0
        self.at: Callable[[int], None] = lambda done: None

    def say(self, line: str) -> None:
        self.lines.append(line)

    def start(self, what: str, total: int, done: int = 0) -> None:
        self.started.append((what, total, done))

    def advance(self, count: int) -> None:
        self.done += count
        self.at(self.done)

    def end(self) -> None:
        pass
