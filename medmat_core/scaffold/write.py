"""Writes a package whole, or not at all, and never over something that is there."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from medmat_core.errors import UsageError
from medmat_core.scaffold.package import Plugin, package_files


def write_plugin(plugin: Plugin, to: Path) -> Path:
    """Write the package to ``to/<dist>`` and return that folder.

    :class:`UsageError` if it exists, even empty, or cannot be written.
    """
    target = to / plugin.names.dist
    if os.path.lexists(target):
        raise UsageError(f"{target}: is there already and was left alone; choose another name or --to")
    try:
        to.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{plugin.names.dist}-", dir=to))
    except OSError as error:
        raise UsageError(f"{to}: cannot be written to: {error.strerror}; choose another --to") from error
    try:
        for path, text in package_files(plugin).items():
            file = partial / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        partial.chmod(0o755)
        # a plain rename would replace an empty folder made meanwhile; that one holds nothing
        partial.rename(target)
    except OSError as error:
        raise UsageError(f"{target}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target
