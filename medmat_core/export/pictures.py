"""Pictures of an export: linked, copied or named where they lie; made anew where trainers would misread them.

What is misread, and by whom (tried in autumn 2026):

- more than 8 bits: ``convert("RGB")`` clips 16-bit values to 255, nearly all of them;
- an EXIF orientation: `datasets` and transformers turn the picture, LLaMA-Factory, LLaVA-NeXT, ms-swift and VLMEvalKit
  do not. Boxes are in stored pixels, so the pixels stay as they are and the tag goes;
- TIFF, BMP, PGM, GIF and the like: transformers decodes paths with torchvision, which has none of these;
- palettes and CMYK: some loaders show the indices, some the inks;
- more than 200 times as long as wide: Qwen's processor raises. The short side is stretched; fractions stay what they
  were, and boxes in pixels follow.
"""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

import numpy as np
from attrs import frozen

from medmat_core.errors import BuildError
from medmat_core.fileio import atomic, failed, part_of, write_bytes
from medmat_core.formats.protocol import Picture
from medmat_core.images.faults import PIXEL_LIMIT, own_limit

Mode = Literal["link", "copy", "absolute"]
As = Literal["misread", "png", "jpeg", "keep"]

FOLDER: Final = "images"
"""The one root's folder of pictures."""

ASPECT: Final = 200
_MIMES: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_SUFFIXES: Final = {"image/jpeg": (".jpg", ".jpeg"), "image/png": (".png",)}

WHY: Final = {
    "bits": "more than 8 bits a channel: trainers clip them to white",
    "exif": "turned by an EXIF tag: some trainers turn it, some do not; the pixels are kept as stored, the tag is gone",
    "type": "of a type that torchvision does not decode",
    "palette": "colors by a palette, which some loaders read as grays",
    "cmyk": "in four inks, which some loaders read as colors",
    "aspect": f"more than {ASPECT} times as long as wide, which Qwen's processor refuses; its short side is stretched",
    "size": "longer than --max-side",
    "asked": "of another type than --as",
}
"""Why a picture was made anew."""


class UnusableError(Exception):
    """A picture that cannot be exported; the text says why."""


@frozen
class Rules:
    """What becomes of pictures. ``root`` is the folder that they go to now, ``final`` what it will be called."""

    mode: Mode
    as_: As
    max_side: int | None
    root: Path
    final: Path


@frozen
class Made:
    """A picture of the export, its (width, height) before, and why it was made anew (empty: it was not)."""

    picture: Picture
    before: tuple[int, int]
    why: tuple[str, ...]


def safe_image(image: str) -> bool:
    """Whether a record's image path stays below the folder that it starts from."""
    pure = PurePosixPath(image)
    return bool(pure.parts) and not pure.is_absolute() and ".." not in pure.parts and "\0" not in image


def export_picture(source: Path, image: str, rules: Rules) -> Made:
    """Give the picture at ``source``, which records call ``image``, its place in the export.

    Raises :class:`UnusableError` where it is not there, cannot be decoded or has more than 200 megapixels.
    """
    if not safe_image(image):
        raise UnusableError("its path leaves the folder of the build")
    kind, size, looked = _looked(source)
    why = list(looked)
    target = _target_size(size, rules.max_side)
    if target != size:
        why.append("size" if rules.max_side and max(size) > rules.max_side else "aspect")
    if rules.as_ == "keep":
        why = [reason for reason in why if reason == "size"]
        target = target if why else size
    wanted = {"png": "PNG", "jpeg": "JPEG"}.get(rules.as_)
    if wanted is not None and kind != wanted and not why:
        why.append("asked")
    if not why:
        if rules.mode == "absolute":
            path = Path(os.path.abspath(source))
            return Made(Picture(str(path), path, *size, _mime(kind)), size, ())
        path = rules.root / FOLDER / image
        _place(source, path, rules.mode)
        return Made(Picture(f"{FOLDER}/{image}", path, *size, _mime(kind)), size, ())
    if why == ["exif"] and kind == "JPEG" and wanted in (None, "JPEG"):
        raw, mime = _without_exif(source.read_bytes()), "image/jpeg"
    else:
        raw, mime = _made(source, kind, target, wanted, "bits" in looked)
    name = image if image.lower().endswith(_SUFFIXES[mime]) else image + _SUFFIXES[mime][0]
    # two folders, so that no name with a suffix added meets one that had it
    below = f"{FOLDER}/{'_rewritten' if name == image else '_converted'}/{name}"
    path = rules.root / below
    if not path.exists():
        write_bytes(path, raw, durable=False)
    shown = str(rules.final / below) if rules.mode == "absolute" else below
    return Made(Picture(shown, path, *target, mime), size, tuple(why))


def _mime(kind: str) -> str:
    return _MIMES.get(kind, f"image/{kind.lower()}")


def _looked(source: Path) -> tuple[str, tuple[int, int], list[str]]:
    """(Pillow's name of the type, stored size, what is wrong with it) from the header."""
    from PIL import Image, UnidentifiedImageError

    try:
        with own_limit():
            opened = Image.open(source)
        with opened as picture:
            kind = "JPEG" if picture.format == "MPO" else picture.format or ""  # a JPEG with more behind it
            size = picture.size
            if kind == "TIFF":  # Pillow tells a TIFF's size as turned
                tags = picture.tag_v2  # type: ignore[attr-defined]
                size = (int(tags[256]), int(tags[257]))
            why = []
            if picture.mode.startswith(("I", "F")) or _deep(picture):
                why.append("bits")
            if kind not in _MIMES:
                why.append("type")
            elif picture.mode in ("P", "PA"):
                why.append("palette")
            elif picture.mode == "CMYK":
                why.append("cmyk")
            if kind != "TIFF" and picture.getexif().get(0x0112, 1) not in (0, 1):
                why.append("exif")
    except FileNotFoundError:
        raise UnusableError("it is not there") from None
    except UnidentifiedImageError:
        raise UnusableError("it is no picture of a known type") from None
    except Exception as error:  # a parser fed with a stranger's bytes may raise anything
        raise UnusableError(f"it cannot be read: {error}") from None
    if size[0] * size[1] > PIXEL_LIMIT:
        raise UnusableError(f"{size[0]} x {size[1]} pixels; the limit is 200 megapixels")
    return kind, size, why


def _deep(picture: Any) -> bool:
    """Whether a PNG has 16-bit colors, which Pillow cuts to 8 without a word."""
    tiles = getattr(picture, "tile", ())
    return any("16" in str(tile[3]) for tile in tiles if picture.format == "PNG" and len(tile) > 3)


def _target_size(size: tuple[int, int], max_side: int | None) -> tuple[int, int]:
    """The size after ``--max-side`` and the limit of the aspect."""
    width, height = size
    if max_side is not None and max(size) > max_side:
        by = max_side / max(size)
        width, height = max(1, round(width * by)), max(1, round(height * by))
    least = -(-max(width, height) // ASPECT)
    return max(width, least), max(height, least)


def _made(source: Path, kind: str, target: tuple[int, int], wanted: str | None, deep: bool) -> tuple[bytes, str]:
    """The picture as stored (no turning), 8 bits, gray or RGB, at the target size; as PNG, or JPEG where it was one."""
    from PIL import Image

    pixels = _pixels(source, kind, deep)
    picture = Image.fromarray(pixels)
    if picture.size != target:
        picture = picture.resize(target, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    if wanted == "JPEG" or (wanted is None and kind == "JPEG"):
        picture.save(out, "JPEG", quality=95, subsampling=0)
        return out.getvalue(), "image/jpeg"
    picture.save(out, "PNG", compress_level=6)
    return out.getvalue(), "image/png"


def _pixels(source: Path, kind: str, deep: bool) -> Any:
    from PIL import Image

    from medmat_core.images.faults import PictureError
    from medmat_core.images.pixels import load_color
    from medmat_core.images.rendering import shown_pixels

    try:
        if kind == "TIFF":  # which Pillow turns as its tag says
            return shown_pixels(source) if deep else load_color(source, role="image")
        if not deep:
            with own_limit():
                opened = Image.open(source)
            with opened as picture:
                return np.asarray(picture.convert("L" if picture.mode in ("1", "L") else "RGB"))
        return shown_pixels(source)
    except PictureError as error:
        raise UnusableError(str(error)) from None
    except BuildError:
        raise
    except Exception as error:
        raise UnusableError(f"it cannot be decoded: {error}") from None


def _without_exif(raw: bytes) -> bytes:
    """A JPEG without its EXIF segments; every pixel stays what it was."""
    kept = [raw[:2]]
    place = 2
    while place + 4 <= len(raw) and raw[place] == 0xFF and raw[place + 1] not in (0xDA, 0xD9):
        length = int.from_bytes(raw[place + 2 : place + 4], "big")
        segment = raw[place : place + 2 + length]
        if not (segment[1] == 0xE1 and segment[4:10] == b"Exif\0\0"):
            kept.append(segment)
        place += 2 + length
    kept.append(raw[place:])
    return b"".join(kept)


def _place(source: Path, path: Path, mode: Mode) -> None:
    """A name for the picture in the export: a hard link, a symbolic one where those fail, or a copy."""
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise failed(path, error) from error
    if mode == "copy":
        with atomic(path, durable=False) as part:
            shutil.copyfile(source, part)
        return
    real = source.resolve()  # a hard link to a link would hang on it
    part = part_of(path)
    try:
        try:
            os.link(real, part)
        except OSError:
            os.symlink(real, part)
        os.replace(part, path)
        part.unlink(missing_ok=True)  # a rename onto another name of the same file leaves both
    except FileExistsError:
        part.unlink(missing_ok=True)
    except OSError as error:
        raise failed(path, error) from error
