"""Kaggle by its own client, kagglehub (extra ``kaggle``), with the token that the user gave to it.

kagglehub goes on by range, checks the MD5 that Kaggle states and unpacks the bundle; its cache is our staging folder
for as long as it works. medmat never sees the token.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from medmat_core.download import space
from medmat_core.download.progress import Progress
from medmat_core.download_entries import Download
from medmat_core.errors import DownloadError

_CACHE: Final = "KAGGLEHUB_CACHE"
_TOKEN: Final = (
    "make a token at https://www.kaggle.com/settings (API), put it where kagglehub looks "
    "(~/.kaggle/access_token or ~/.kaggle/kaggle.json), and run again"
)


def fetch(entry: Download, into: Path, progress: Progress) -> Path:
    """The folder below ``into`` that holds the unpacked files of a data set or a competition.

    :class:`DownloadError` says what is missing: the client, a token, the acceptance of a competition's rules.
    """
    try:
        import kagglehub
        from kagglehub import exceptions
    except ImportError:
        raise DownloadError(
            f"{entry.page}: Kaggle needs its client; pip install 'medmat-core[kaggle]' and run again"
        ) from None
    into.mkdir(parents=True, exist_ok=True)
    progress.say(f"  {entry.page}: fetched by kagglehub")
    get = kagglehub.competition_download if entry.host == "kaggle-competition" else kagglehub.dataset_download
    try:
        with _cache(into):
            return Path(get(entry.id))
    except exceptions.UnauthenticatedError:
        raise DownloadError(f"{entry.page}: Kaggle wants to know who you are; {_TOKEN}") from None
    except exceptions.DataCorruptionError:
        raise DownloadError(f"{entry.page}: what came has another MD5 than Kaggle states; run again") from None
    except OSError as error:  # requests' errors are some
        answer = getattr(error, "response", None)
        if answer is None and error.errno is not None and error.filename is not None:
            raise space.failed(into, error) from None
        raise _refused(entry, getattr(answer, "status_code", 0)) from None
    except Exception as error:  # the client's text may hold the answer of the server: only its kind is told
        raise DownloadError(
            f"{entry.page}: kagglehub failed ({type(error).__name__}); "
            "if there is a token, fetch it by hand from that page"
        ) from None


def _refused(entry: Download, code: int) -> DownloadError:
    if code in (401, 403) and entry.host == "kaggle-competition":
        return DownloadError(
            f"{entry.page}: the rules are not accepted yet, or the token is not valid; log in, accept them at "
            f"{entry.page}/rules and run again"
        )
    told = {
        401: f"the token is not valid; {_TOKEN}",
        403: "Kaggle refuses (403); log in and open the page: it may ask to accept terms",
        404: "there is no such data set any more (404); `medmat show` gives the data set's page",
        429: "Kaggle gets too many requests (429); run again in an hour: what is there is kept",
        0: "Kaggle cannot be reached; run again later: what is there is kept",
    }
    return DownloadError(f"{entry.page}: {told.get(code, f'Kaggle answers with error {code}; try again later')}")


@contextlib.contextmanager
def _cache(folder: Path) -> Iterator[None]:
    """kagglehub's cache in ``folder``; its log, which repeats addresses, only from warnings up."""
    before = os.environ.get(_CACHE)
    log = logging.getLogger("kagglehub")
    level = log.level
    os.environ[_CACHE] = str(folder.resolve())
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)
        if before is None:
            os.environ.pop(_CACHE, None)
        else:
            os.environ[_CACHE] = before
