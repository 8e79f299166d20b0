"""Where the page finds pictures: the originals by relative URL, and small ones made anew where browsers fail.

Browsers cannot show TIFF and PGM at all; and from file:// they turn a JPEG as its EXIF tag says, whatever a style
sheet asks for, so that boxes in stored pixels would lie beside what they enclose.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Final
from urllib.parse import quote

from attrs import frozen

from medmat_core.fileio import open_regular, write_bytes
from medmat_core.images.suffixes import suffix_of

FOLDER: Final = "pictures"
"""Where pictures made for the page lie below its folder."""

LONGEST: Final = 1024
"""Pixels of the longer side of a picture made for the page, at most."""

_SHOWN: Final = frozenset({".png", ".bmp", ".gif", ".webp", ".jpg", ".jpeg"})
_TURNED: Final = frozenset({".jpg", ".jpeg"})
_HEAD: Final = 1 << 16


@frozen
class Wanted:
    """A picture of the build at ``source`` that may have to be made anew as ``stage / name``."""

    source: Path
    stage: Path
    name: str
    turned: bool
    """Whether it is a JPEG, made anew only where its tag turns it."""


def wanted(image: str, source: Path, stage: Path, *, boxes: bool) -> Wanted | None:
    """What has to be looked at for a record's ``image``, which lies at ``source``; None where a browser shows it."""
    suffix = suffix_of(image)
    turned = suffix in _TURNED
    if suffix in _SHOWN and not (turned and boxes):
        return None
    digest = hashlib.sha256(image.encode("utf-8", "surrogatepass")).hexdigest()[:20]
    return Wanted(source, stage, f"{FOLDER}/{digest}.png", turned)


def make(one: Wanted) -> str:
    """Make a picture where that is wanted; returns its name below the page, "" where the original will do.

    A picture that is gone or cannot be decoded is left to the page, which says so in its place.
    """
    from PIL import Image

    from medmat_core.images.pixels import load_color

    try:
        if one.turned and not _is_turned(one.source):
            return ""
        picture = Image.fromarray(load_color(one.source, role="image"))
    except Exception:  # a decoder fed with a stranger's bytes may raise anything; audit tells what is wrong with it
        return ""
    by = LONGEST / max(picture.size)
    if by < 1:
        size = max(1, round(picture.width * by)), max(1, round(picture.height * by))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=6)
    write_bytes(one.stage / one.name, out.getvalue(), durable=False)
    return one.name


def _is_turned(path: Path) -> bool:
    with open_regular(path) as file:
        head = file.read(_HEAD)
    if b"Exif\0\0" not in head:
        return False
    from PIL import Image

    with Image.open(path) as picture:
        return picture.getexif().get(0x0112, 1) not in (0, 1)


def base_url(folder: Path, page: Path) -> str:
    """The URL of ``folder`` seen from the page's folder, with a slash at its end.

    Relative, so that both can be moved together; only on another drive it cannot be.
    """
    try:
        relative = os.path.relpath(folder, page)
    except ValueError:
        return folder.absolute().as_uri() + "/"
    plain = relative.replace(os.sep, "/")
    return "" if plain == "." else quote(os.fsencode(plain)) + "/"
