"""One file from the web: by range where it was left, tried again where that helps, verified before it has its name.

The standard library does it: what is needed beyond a request (ranges with validators, Retry-After, rules for
redirects) no small library brings.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import frozen

from medmat_core import __version__, fileio
from medmat_core.download import space
from medmat_core.download.progress import Progress
from medmat_core.errors import DownloadError

AGENT: Final = f"medmat/{__version__} (downloads public medical image data sets for their user; Python urllib)"
PATIENCE: Final = 600.0
"""Seconds that a host may ask us to wait; if it asks for more, the user is told to come back."""

_CHUNK: Final = 1 << 20
_JSON: Final = 64 << 20
"""Bytes at which an answer of an interface is no list of files any more."""
_RETRIED: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@frozen
class Remote:
    """A file that a host has: its path below what was asked for, its address, its size in bytes (0: not known) and
    the hashes ("md5:...", "sha256:...") that host and card state."""

    name: str
    url: str
    size: int = 0
    hashes: tuple[str, ...] = ()


class UnreachableError(DownloadError):
    """Nobody answered: the next request to this host would most likely wait as long."""


class _BrokenError(Exception):
    """The answer ended before the file did."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        here, there = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if there not in ("http", "https") or (here == "https" and there == "http"):
            raise DownloadError(
                f"{req.full_url}: leads on to {newurl}, which is not encrypted; not followed, fetch it by hand"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    opener = urllib.request.OpenerDirector()  # build_opener would add file: and ftp:
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


class Web:
    """Requests with patience. ``timeout`` is in seconds of silence; ``attempts`` are those without any gain in a row;
    ``sleep`` waits between them."""

    def __init__(
        self, *, timeout: float = 60.0, attempts: int = 6, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._timeout, self._attempts, self._sleep = timeout, attempts, sleep
        self._opener = _opener()

    def json(self, url: str) -> Any:
        """What an interface answers; :class:`DownloadError` where it refuses, or answers something else."""
        with self._open(url, {"Accept": "application/json"}) as answer:
            try:
                raw = answer.read(_JSON + 1)
                if len(raw) <= _JSON:
                    return json.loads(raw)
            except (OSError, HTTPException, ValueError):
                pass
        raise DownloadError(f"{url}: the host did not answer with a list of files; try again later, or fetch by hand")

    def size(self, url: str) -> int:
        """Bytes of a file, asked for without fetching it; 0 where the host does not say.

        :class:`UnreachableError` where it does not answer at all.
        """
        try:
            with self._open(url, {}, method="HEAD") as answer:
                return _number(answer.headers.get("Content-Length"))
        except UnreachableError:
            raise
        except DownloadError:
            return 0

    def fetch(self, remote: Remote, target: Path, progress: Progress) -> None:
        """Fetch a file to ``target``, going on with ``target.part`` where that was left.

        :class:`DownloadError` says what to do where the host refuses, gives something else, or breaks off too often;
        ``target`` appears only with the size and the hashes that are known. Ctrl-C leaves the part.
        """
        part, note = target.with_name(target.name + fileio.PART), target.with_name(f"{target.name}{fileio.PART}.json")
        target.parent.mkdir(parents=True, exist_ok=True)
        idle = 0
        while True:
            had = _size(part)
            try:
                self._some(remote, part, note, progress)
                break
            except _BrokenError as error:
                idle = 0 if _size(part) > had else idle + 1
                if idle >= self._attempts:
                    raise DownloadError(
                        f"{remote.url}: broke off {idle} times ({error}); run again later: what is there is kept"
                    ) from None
                self._sleep(_backoff(idle))
            finally:
                progress.end()
        _verify(remote, part, note)
        os.replace(part, target)
        note.unlink(missing_ok=True)

    def _some(self, remote: Remote, part: Path, note: Path, progress: Progress) -> None:
        """One answer, to its end."""
        have, headers = _left(remote, part, note)
        try:
            answer = self._open(remote.url, headers)
        except _UnsatisfiableError as error:
            if have and have == (error.total or remote.size):
                return
            part.unlink(missing_ok=True)
            raise _BrokenError("the file at the host has changed") from None
        with answer:
            if answer.status == 206:
                start, total = _range(answer)
                if start != have:
                    part.unlink(missing_ok=True)
                    raise _BrokenError("the host gave another range than asked for")
            else:
                have, total = 0, _number(answer.headers.get("Content-Length"))
            _check(remote, answer, total)
            space.need(part.parent, max(0, (total or remote.size) - have), remote.name)
            fileio.write_text(note, [json.dumps({"url": remote.url, "validator": _validator(answer)})])
            progress.start(remote.name, total or remote.size, have)
            _copy(answer, part, have, progress)
        if total and _size(part) != total:
            raise _BrokenError(f"{_size(part)} of {total} bytes came")

    def _open(self, url: str, headers: Mapping[str, str], *, method: str = "GET") -> HTTPResponse:
        """The answer to a request, once there is one that is not an error."""
        asked = urllib.request.Request(
            url, headers={"User-Agent": AGENT, "Accept-Encoding": "identity", **headers}, method=method
        )
        for attempt in range(1, self._attempts + 1):
            try:
                answer: HTTPResponse = self._opener.open(asked, timeout=self._timeout)
                return answer
            except urllib.error.HTTPError as error:
                with error:
                    if error.code == 416:
                        raise _UnsatisfiableError(
                            _number((error.headers.get("Content-Range") or "").rpartition("/")[2])
                        ) from None
                    if error.code not in _RETRIED or attempt == self._attempts:
                        raise _refused(url, error.code) from None
                    wait = _asked_for(error.headers.get("Retry-After"), attempt)
                if wait > PATIENCE:
                    raise DownloadError(
                        f"{url}: the host asks to wait {wait:.0f} seconds; run again then: what is there is kept"
                    ) from None
            except (OSError, HTTPException) as error:  # URLError is an OSError
                why = getattr(error, "reason", None) or error
                if attempt == self._attempts or isinstance(why, ssl.SSLCertVerificationError):
                    raise UnreachableError(
                        f"{url}: cannot be reached ({why}); look at the address, or try later"
                    ) from None
                wait = _backoff(attempt)
            self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")


class _UnsatisfiableError(Exception):
    """The range that was asked for lies behind the file's end."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self.total = total


def _left(remote: Remote, part: Path, note: Path) -> tuple[int, dict[str, str]]:
    """Bytes that a former run left, and the headers that ask for the rest: only where it is told, by the host's
    validator or by a hash at the end, that the rest belongs to them. The part is dropped where it is not."""
    have, validator = _size(part), ""
    if have:
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            left = json.loads(note.read_text("utf-8"))
            # the address may be signed anew each time, so it is compared without its query
            if left["url"].partition("?")[0] == remote.url.partition("?")[0]:
                validator = str(left["validator"])
        if not validator and not remote.hashes:
            part.unlink()
            have = 0
    if not have:
        return 0, {}
    return have, {"Range": f"bytes={have}-", **({"If-Range": validator} if validator else {})}


def _validator(answer: HTTPResponse) -> str:
    """The strong ETag, else the date: what If-Range takes."""
    tag = answer.headers.get("ETag") or ""
    return tag if tag and not tag.startswith("W/") else (answer.headers.get("Last-Modified") or "")


def _range(answer: HTTPResponse) -> tuple[int, int]:
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", (answer.headers.get("Content-Range") or "").strip())
    return (int(found[1]), _number(found[2])) if found else (-1, 0)


def _check(remote: Remote, answer: HTTPResponse, total: int) -> None:
    """Refuse, before a byte is written, what cannot be the file."""
    if answer.status not in (200, 206):  # 202 and the like: the host puts a check for browsers before the file
        raise DownloadError(
            f"{remote.url}: the host answers {answer.status} instead of giving {remote.name}; "
            "open the address in a browser and fetch it by hand, or try later"
        )
    kind = answer.headers.get_content_type()
    if kind == "text/html" and not remote.name.lower().endswith((".html", ".htm")):
        raise DownloadError(
            f"{remote.url}: a web page came instead of {remote.name}; open the address in a browser: "
            "it may ask for a login or a confirmation, or the file may have moved"
        )
    if total and remote.size and total != remote.size:
        raise DownloadError(
            f"{remote.url}: {total} bytes are offered and {remote.size} expected, so it is another file; "
            "see whether the data set has a new version"
        )


def _copy(answer: HTTPResponse, part: Path, have: int, progress: Progress) -> None:
    """The body to the part, behind the ``have`` bytes that are there."""
    try:
        out = part.open("r+b" if have else "wb")
        with out:
            out.seek(have)
            out.truncate()
            while chunk := _read(answer):
                out.write(chunk)
                progress.advance(len(chunk))
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise space.failed(part, error) from error


def _read(answer: HTTPResponse) -> bytes:
    try:
        return answer.read(_CHUNK)
    except (OSError, HTTPException) as error:  # of the other side
        raise _BrokenError(str(error) or type(error).__name__) from None


def _verify(remote: Remote, part: Path, note: Path) -> None:
    """Drop a part, and say so, that is not the file which host and card describe."""
    faults = []
    if remote.size and _size(part) != remote.size:
        faults.append(f"{_size(part)} bytes came and {remote.size} were expected")
    for stated in remote.hashes:
        kind, _, wanted = stated.partition(":")
        with part.open("rb") as handle:
            found = hashlib.file_digest(handle, partial(hashlib.new, kind, usedforsecurity=False)).hexdigest()
        if found != wanted:
            faults.append(f"its {kind} is {found} and should be {wanted}")
    if faults:
        part.unlink(missing_ok=True)
        note.unlink(missing_ok=True)
        raise DownloadError(
            f"{remote.name}: {'; '.join(faults)}; it is deleted: run again, and if that does not help, "
            f"see at {remote.url} whether the data set has a new version"
        )


def _refused(url: str, code: int) -> DownloadError:
    told = {
        401: "the host wants a login; open the address in a browser and fetch it by hand",
        403: "the host refuses (403); open the address in a browser: it may ask for a login or for its terms",
        404: "there is no such file any more (404); `medmat show` gives the data set's page",
        410: "the file was taken away (410); `medmat show` gives the data set's page",
        429: "the host gets too many requests (429); run again in an hour: what is there is kept",
    }
    return DownloadError(f"{url}: {told.get(code, f'the host answers with error {code}; try again later')}")


def _asked_for(text: str | None, attempt: int) -> float:
    """Seconds that a Retry-After header asks for: a number, or a date."""
    if text is None:
        return _backoff(attempt)
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return _backoff(attempt)


def _backoff(attempt: int) -> float:
    return float(min(60, 2**attempt))


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.strip().isdecimal() else 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
