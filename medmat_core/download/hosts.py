"""What each host has under an entry, asked by its public interface: names, addresses, sizes, hashes.

Zenodo: ``/api/records/N`` lists ``files`` with ``key``, ``size``, ``checksum`` ("md5:...") and ``links.self``.
Figshare: ``/v2/articles/N/files`` lists ``name``, ``size``, ``download_url`` and ``computed_md5``.
Mendeley Data: ``/public-api/datasets/ID/files?folder_id=F&version=V`` lists one folder's files with ``filename``,
``size`` and ``content_details`` (``sha256_hash``, ``download_url``); ``.../folders/V`` lists the folders with ``id``,
``name`` and ``parent_id``.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from attrs import evolve, frozen

from medmat_core.download.names import safe_name
from medmat_core.download.web import Remote, Web
from medmat_core.download_entries import Download
from medmat_core.errors import DownloadError

_PAGE: Final = 1000


@frozen
class Hosts:
    """Where the hosts are."""

    zenodo: str = "https://zenodo.org"
    figshare: str = "https://api.figshare.com"
    mendeley: str = "https://data.mendeley.com"
    github: str = "https://raw.githubusercontent.com"

    def remotes(self, entry: Download, web: Web) -> tuple[Remote, ...]:
        """The files of an entry that are wanted, in the host's order; :class:`DownloadError` where the host has none
        of them, or answers in another form than it documents. Kaggle has a client of its own."""
        ask = {
            "link": self._link,
            "github": self._github,
            "zenodo": self._zenodo,
            "figshare": self._figshare,
            "mendeley": self._mendeley,
        }[entry.host]
        try:
            found = tuple(_agreed(entry, remote) for remote in ask(entry, web) if _wanted(entry, remote.name))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DownloadError(
                f"{entry.page}: {entry.host_name} answers in a form that this medmat does not know "
                f"({type(error).__name__}: {error}); fetch it by hand and report it"
            ) from None
        if not found:
            raise DownloadError(
                f"{entry.page}: {entry.host_name} lists none of the files that the card names; "
                "access may be restricted: open the page in a browser"
            )
        for remote in found:
            safe_name(remote.name, entry.page)
        return found

    def _link(self, entry: Download, web: Web) -> Iterator[Remote]:
        for name, url in entry.links.items():
            yield Remote(name, url)

    def _github(self, entry: Download, web: Web) -> Iterator[Remote]:
        repository, _, commit = entry.id.partition("@")
        for path in entry.files:
            yield Remote(path, f"{self.github}/{repository}/{commit}/{quote(path)}")

    def _zenodo(self, entry: Download, web: Web) -> Iterator[Remote]:
        for file in web.json(f"{self.zenodo}/api/records/{entry.id}").get("files", ()):
            yield Remote(str(file["key"]), _address(file["links"]["self"]), int(file["size"]), _hash(file["checksum"]))

    def _figshare(self, entry: Download, web: Web) -> Iterator[Remote]:
        item, _, version = entry.id.partition("/")
        base = f"{self.figshare}/v2/articles/{item}" + (f"/versions/{version}" if version else "") + "/files"
        page = 1
        while True:
            files = web.json(f"{base}?page={page}&page_size={_PAGE}")
            for file in files:
                if not file.get("is_link_only"):  # its bytes lie elsewhere
                    digest = file.get("computed_md5") or file.get("supplied_md5") or ""
                    yield Remote(
                        str(file["name"]), _address(file["download_url"]), int(file["size"]), _hash(f"md5:{digest}")
                    )
            if len(files) < _PAGE:
                return
            page += 1

    def _mendeley(self, entry: Download, web: Web) -> Iterator[Remote]:
        item, _, version = entry.id.partition("/")
        base = f"{self.mendeley}/public-api/datasets/{item}"
        folders = {str(folder["id"]): folder for folder in web.json(f"{base}/folders/{version}")}
        for place in ("root", *folders):
            under = _path(folders, place)
            for file in web.json(f"{base}/files?folder_id={quote(place)}&version={version}"):
                told = file["content_details"]
                yield Remote(
                    f"{under}{file['filename']}",
                    _address(told["download_url"]),
                    int(file.get("size") or told.get("size") or 0),
                    _hash(f"sha256:{told.get('sha256_hash') or ''}"),
                )


def _path(folders: Mapping[str, Any], place: str) -> str:
    """The path of a folder of Mendeley Data, with a slash at its end; '' for the root."""
    names: list[str] = []
    while place in folders and len(names) < 64:  # a ring of folders has no path
        names.append(str(folders[place]["name"]))
        place = str(folders[place].get("parent_id") or "")
    return "".join(f"{name}/" for name in reversed(names))


def _address(value: Any) -> str:
    text = str(value)
    if not re.match(r"https?://", text):
        raise ValueError(f"{text!r} is no web address")
    return text


def _hash(text: Any) -> tuple[str, ...]:
    stated = str(text).lower()
    return (stated,) if re.fullmatch(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", stated) else ()


def _wanted(entry: Download, name: str) -> bool:
    return not entry.files or any(fnmatch.fnmatchcase(name, pattern) for pattern in entry.files)


def _agreed(entry: Download, remote: Remote) -> Remote:
    """What host and card know of a file together; where they know different sizes, it is another file."""
    size, card = remote.size, entry.sizes.get(remote.name, 0)
    if size and card and size != card:
        raise DownloadError(
            f"{entry.page}: {remote.name} has {size} bytes there and {card} on the card; the data set has a new version"
        )
    stated: Iterable[str] = (*remote.hashes, entry.hashes.get(remote.name, ""))
    return evolve(remote, size=size or card, hashes=tuple(dict.fromkeys(filter(None, stated))))
