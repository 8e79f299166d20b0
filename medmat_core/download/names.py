"""Names that strangers chose: what may become a path below a folder of ours."""

from __future__ import annotations

import os
import re
from typing import Final

from medmat_core.errors import DownloadError

_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST: Final = 255
"""Bytes that file systems allow a name."""


def safe_name(name: str, where: object) -> str:
    """A relative path with '/' separators, as it may be joined to a folder of ours without leaving it.

    Backslashes separate as well, since archives made on Windows hold them; './' and doubled slashes go. Raises
    :class:`DownloadError`, which names ``where`` it stands, for an absolute path, a drive, '..', a control character
    and for names that a common file system cannot hold.
    """
    text = name.replace("\\", "/")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if text.startswith("/") or re.match(r"[A-Za-z]:", text) or ".." in parts:
        raise DownloadError(
            f"{where}: {name!r} leads out of its folder; nothing of it is used: report it to its makers"
        )
    if not parts:
        raise DownloadError(f"{where}: {name!r} is no name of a file; nothing of it is used: report it to its makers")
    for part in parts:
        if any(ord(c) < 32 or ord(c) == 127 for c in part) or _reserved(part) or _too_long(part):
            raise DownloadError(f"{where}: {name!r} cannot be the name of a file; unpack it by hand")
    return "/".join(parts)


def _reserved(part: str) -> bool:
    return os.name == "nt" and (
        _RESERVED.fullmatch(part) is not None or part[-1] in ". " or not set(part).isdisjoint('<>:"|?*')
    )


def _too_long(part: str) -> bool:
    return len(part.encode("utf-8", "surrogateescape")) > _LONGEST


def readable(name: str) -> str:
    """A name whose bytes were not UTF-8 (lone surrogates stand for them), as text that every part of the program can
    print and store: Latin-1, which takes any byte, for those bytes."""
    if name.isascii():
        return name
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("latin-1").translate(_NO_CONTROLS)
    return name


_NO_CONTROLS: Final = dict.fromkeys(range(0x80, 0xA0), "_")
"""What Latin-1 has there are controls, which are no part of a name."""
