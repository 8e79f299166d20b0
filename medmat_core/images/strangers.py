"""Files that lie under a picture's name and are no picture, told by their first bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from medmat_core.fileio import open_regular

_STARTS: Final = (
    (b"version https://git-lfs", "a Git LFS pointer instead of the file; run: git lfs pull"),
    (b"PK\x03\x04", "a zip archive instead of the file; unpack it"),
    (b"PK\x05\x06", "an empty zip archive instead of the file"),
    (b"\x1f\x8b", "a gzip archive instead of the file; unpack it"),
    (b"BZh", "a bzip2 archive instead of the file; unpack it"),
    (b"\xfd7zXZ\0", "an xz archive instead of the file; unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive instead of the file; unpack it"),
    (b"Rar!", "a rar archive instead of the file; unpack it"),
    (b"%!PS", "PostScript, a program that draws, not a picture; convert it"),
    (b"\xc5\xd0\xd3\xc6", "PostScript (EPS), a program that draws, not a picture; convert it"),
    (b"%PDF", "a PDF document, not a picture; convert it"),
)
_HTML: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script")


def stranger(head: bytes) -> str | None:
    """What a file is, and what to do about it, if its first bytes (512 suffice) are no picture's; else None."""
    for start, what in _STARTS:
        if head.startswith(start):
            return what
    if head[257:262] == b"ustar":
        return "a tar archive instead of the file; unpack it"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:512].lower()
    if text.startswith(_HTML):
        return "an HTML page instead of the file (a login or error page, most often); download it again"
    if text.startswith(b"<svg") or (text.startswith(b"<?xml") and b"<svg" in text):
        return "an SVG drawing, not a picture; convert it"
    if text.startswith(b"<?xml"):
        return "an XML document instead of the file; download it again"
    return None


def is_dicom(head: bytes) -> bool:
    """Whether a file's first 132 bytes are those of DICOM."""
    return head[128:132] == b"DICM"


def starts_like_dicom(path: Path | str) -> bool:
    """The same of a file, of which no more is read; a file that cannot be read is said by whoever reads it next."""
    try:
        with open_regular(path) as file:
            return is_dicom(file.read(132))
    except (OSError, ValueError):
        return False
