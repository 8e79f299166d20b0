"""Looking at one picture: its size, whether records can name it as it lies, and how it is rendered if they cannot."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy.typing as npt
from attrs import define

from medmat_core.images import PictureError
from medmat_core.images.headers import read_fields, read_header
from medmat_core.images.strangers import starts_like_dicom
from medmat_core.images.suffixes import RENDERED_SUFFIXES, is_bare
from medmat_core.model import ImageRef, Region, Slice
from medmat_core.pipeline.context import Context
from medmat_core.pipeline.rendered import tie
from medmat_core.pipeline.state import Shown
from medmat_core.splits import Labels


@define
class Look:
    """What was seen of one picture before it is a row of the facts."""

    image: str
    source: str = ""
    width: int = 0
    height: int = 0
    mark: int = 0
    labels: Labels | None = None
    regions: Sequence[Region] = ()
    unsure: Sequence[str] = ()
    pixels: npt.NDArray[Any] | None = None


class Looker:
    """Looks at the pictures of one data set; ``shown`` are those that were rendered, in order."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.shown: list[Shown] = []
        self._source: tuple[Path, str] | None = None

    def look_at(self, image: ImageRef) -> Look:
        """Size and mark of a picture, rendered where records could not name it otherwise.

        Raises :class:`PictureError` where it cannot be read."""
        context = self.context
        path = image.path if isinstance(image, Slice) else image
        full = f"{context.root}/{path}"
        rendered = isinstance(image, Slice) or is_rendered(full)
        look = Look(context.image_prefix + path)
        if not rendered and context.verify != "none":
            look.width, look.height, bits, look.mark, kind = read_fields(full)
            rendered = kind == "dicom" or (bits > 8 and kind != "jpeg")
            if (context.verify == "full" or context.hashes) and not rendered:
                look.pixels = decode(full)
        if not rendered:
            return look
        source = Path(full)
        if not source.exists():
            raise PictureError("missing_image", "the picture is not there")
        made, (look.width, look.height) = self._render(source, image, look)
        look.image, look.source = made.path, str(image)
        self.shown.append(made)
        if context.verify != "none":
            look.mark = _mark_of(source, image)
        return look

    def _render(self, full: Path, image: ImageRef, look: Look) -> tuple[Shown, tuple[int, int]]:
        """The picture as 8-bit PNG; the one that stands where it was made of the same bytes by the same rule."""
        from medmat_core.images.raster import decode_picture
        from medmat_core.images.rendering import rendered, rendered_name, rule_digest, source_digest

        place = self.context.rendered
        slice_ = image if isinstance(image, Slice) else None
        window = self.context.card.mask.window
        if self._source is None or self._source[0] != full:  # the slices of a volume come one after the other
            self._source = full, source_digest(full)
        name = rendered_name(image)
        own = tie(name, self._source[1], rule_digest(slice_, window))
        before = place.standing(name, own)
        if before is not None:
            header = read_header(str(place.file(before)))
            if self.context.hashes:
                look.pixels = decode(str(place.file(before)))
            return before, (header.width, header.height)
        made = rendered(full, slice_, window, self._source[1])
        place.put(own, made.png)
        if self.context.hashes:
            look.pixels = decode_picture(made.png, "stored", None, "image").array
        return Shown(place.path(name), own, sha256(made.png).hexdigest()), (made.width, made.height)


def is_rendered(path: str) -> bool:
    """Whether no viewer opens a file, by its name; where that has no suffix, by its first bytes."""
    return path.lower().endswith(RENDERED_SUFFIXES) or (is_bare(path) and starts_like_dicom(path))


def decode(path: str) -> npt.NDArray[Any]:
    """Every pixel of a picture; :class:`PictureError` where decoding fails."""
    from medmat_core.images.pixels import load_array

    return load_array(path, role="image")


def _mark_of(full: Path, image: Any) -> int:
    """Equal for pictures of equal bytes; slices of one volume are told apart by their index."""
    import zlib

    with full.open("rb") as handle:
        head = handle.read(4096)
    tail = f"{image.axis}#{image.index}".encode() if isinstance(image, Slice) else b""
    return (full.stat().st_size << 32 | zlib.crc32(tail, zlib.crc32(head))) & 0xFFFFFFFFFFFFFFFF
