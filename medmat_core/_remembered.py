"""Cards and relations already parsed, kept in the user's cache folder like compiled modules.

Parsing TOML and structuring it takes a hundred times as long as reading the finished classes back. An entry is
used only if the file's size and time of change, and those of the classes' module, are what they were. The folder may be
deleted at any time; ``MEDMAT_CACHE`` moves it, and an empty value turns it off.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@lru_cache(maxsize=1)
def _folder() -> str | None:
    chosen = os.environ.get("MEDMAT_CACHE")
    if chosen is not None:
        return chosen or None
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "medmat") if base else None


@lru_cache(maxsize=8)
def _classes(module_file: str) -> tuple[object, ...]:
    here = os.stat(module_file)
    return (here.st_mtime_ns, here.st_size, sys.version_info[:2])


def remembered(path: Path, part: str, make: Callable[[], T], module_file: str) -> T:
    """What ``make`` returns for this part of the file at ``path``, from the cache where it is still true.

    ``module_file`` is the module that defines the classes, ``__file__`` there.
    """
    folder = _folder()
    if folder is None:
        return make()
    try:
        stat = os.stat(path)
    except OSError:
        return make()
    key = (stat.st_mtime_ns, stat.st_size, *_classes(module_file))
    name = hashlib.sha256(os.fsencode(os.path.abspath(path))).hexdigest()[:24]
    file = f"{folder}/{name}.{part}"
    try:
        with open(file, "rb") as handle:
            if pickle.load(handle) == key:
                value: T = pickle.load(handle)
                return value
    except Exception:  # whatever is wrong with an entry, it is only a memory and made again
        pass
    value = make()
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        part_file = f"{file}.{os.getpid()}"
        with open(part_file, "wb") as handle:
            pickle.dump(key, handle, protocol=5)
            pickle.dump(value, handle, protocol=5)
        os.replace(part_file, file)
    return value
