"""RAR archives, which no free library unpacks: by ``bsdtar`` or ``unar``, where one of them is on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from medmat_core.download import space
from medmat_core.download.chest import Chest, DamagedError, check_tree
from medmat_core.errors import DownloadError
from medmat_core.pipeline.workers import installed

_EVERY: Final = 0.5


def _commands(archive: Path, into: Path) -> dict[str, list[str]]:
    return {
        "bsdtar": ["-x", "-f", str(archive), "-C", str(into), "--no-same-owner", "--no-same-permissions"],
        "unar": ["-quiet", "-no-directory", "-force-skip", "-output-directory", str(into), str(archive)],
    }


def unrar(chest: Chest) -> None:
    """Unpack a RAR archive; see :func:`medmat_core.download.unpack.unpack`.

    Both programs keep paths inside the folder; it is looked at for links afterwards, and they are stopped where the
    disk loses more room than the archive may take.
    """
    archive, into = chest.archive.resolve(), chest.into.resolve()
    programs = _commands(archive, into)
    program = next((program for program in programs if shutil.which(program)), None)
    if program is None:
        raise DownloadError(
            f"{chest.name}: RAR archives need bsdtar (package libarchive-tools, or libarchive) or unar on PATH; "
            "install one and run again: what is there is kept"
        )
    chest.announce(0, 0)
    before = space.free(into)
    command = [shutil.which(program) or program, *programs[program]]
    quiet, own = subprocess.DEVNULL, {**os.environ, **installed()}
    with subprocess.Popen(
        command, stdin=quiet, stdout=quiet, stderr=subprocess.PIPE, text=True, errors="replace", env=own
    ) as running:
        try:
            while True:
                try:
                    _, told = running.communicate(timeout=_EVERY)
                    break
                except subprocess.TimeoutExpired:
                    left = space.free(into)
                    if before - left > chest.most or left < space.RESERVE:
                        raise DownloadError(
                            f"{chest.name}: {before - left} bytes have come out of it and the disk has {left} left; "
                            "it is given up: free some room, or look at it by hand"
                        ) from None
        except BaseException:
            running.kill()
            raise
    if running.returncode:
        why = " ".join((told or "").split())[:200]
        raise DamagedError(f"{chest.name}: {program} cannot unpack it ({why or f'exit code {running.returncode}'})")
    chest.add(check_tree(into, chest.name))
    chest.count = sum(1 for path in into.rglob("*") if path.is_file())
