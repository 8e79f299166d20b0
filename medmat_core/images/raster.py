"""Picture files (JPEG, PNG, BMP, TIFF, PNM, GIF, WebP) from bytes to pixels.

JPEG goes through OpenCV, which is the fast path of masks and decodes one channel where one is asked for.
All else goes through Pillow, which keeps palette indices and one-bit pictures and says when a body is cut
off, except for 16-bit colour, which Pillow reduces to 8 bits. EXIF orientation is ignored by both ways.
"""

from __future__ import annotations

import io
from typing import Any, Final, Literal

import cv2
import numpy as np
import numpy.typing as npt
from attrs import frozen
from PIL import Image, UnidentifiedImageError

from medmat_core.images.faults import PictureError, Role, bad, check_size, own_limit, told
from medmat_core.images.jpeg import NO_FRAME, jpeg_frame, jpeg_is_whole
from medmat_core.images.strangers import stranger
from medmat_core.images.suffixes import PILLOW_FORMATS
from medmat_core.memory import keep_freed

Kind = Literal["stored", "gray", "color"]
"""``stored``: the values in the file (palette indices, not colours). ``gray``: one channel, palettes by
their colours. ``color``: RGB of 8 bits."""

_JPEG_FLAGS: Final = {
    "stored": cv2.IMREAD_UNCHANGED,
    "gray": cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION,
    "color": cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION,
}


keep_freed()


@frozen(eq=False)
class Pixels:
    """Decoded pixels, (height, width) or (height, width, channels), and the top of the format's range.

    ``top`` is 1 for one-bit pictures (whose array is boolean), 255, 65535 and so on, or None where the
    format has no range: signed, floating-point or wider than 16 bits. ``lossy``: the values carry a JPEG's noise.
    """

    array: npt.NDArray[Any]
    top: int | None
    lossy: bool = False


def top_of(array: npt.NDArray[Any]) -> int | None:
    """The top of the range of an array's type, None where it has none."""
    if array.dtype == np.bool_:
        return 1
    if array.dtype in (np.uint8, np.uint16):
        return int(np.iinfo(array.dtype).max)
    return None


def decode_picture(data: bytes, kind: Kind, page: int | None, role: Role) -> Pixels:
    """The pixels of a picture file's bytes; ``page`` counts pages or frames from 0, None is the first.

    Raises :class:`PictureError`: ``truncated_image`` for a body that is cut off, ``image_too_large``,
    ``bad_mask`` or ``bad_image`` for anything else. A mask of several pages is refused where none is named: the first
    may be empty and another not.
    """
    if not data:
        raise PictureError("truncated_image", "the file is empty")
    if data[:2] == b"\xff\xd8":
        if page:
            raise bad(role, f"a JPEG has one page, asked for number {page}")
        return _jpeg(data, kind, role)
    return _other(data, kind, page, role)


def _jpeg(data: bytes, kind: Kind, role: Role) -> Pixels:
    frame = jpeg_frame(data)
    if frame is not None:
        check_size(frame[0], frame[1])
    if not jpeg_is_whole(data):
        raise PictureError("truncated_image", "the JPEG has no end marker")
    if frame is None:
        raise bad(role, NO_FRAME)
    if frame[0] * frame[1] > _PIXELS_A_BYTE["JPEG"] * len(data):
        raise _too_few(frame[0], frame[1], len(data))
    array = _by_opencv(data, _JPEG_FLAGS[kind])
    if array is None:
        raise bad(role, "the JPEG cannot be decoded")
    return Pixels(_rgb(array), 255, lossy=True)


_PIXELS_A_BYTE: Final = {"JPEG": 1024, "PNG": 8 * 1040, "BMP": 8, "DIB": 8, "PPM": 8}
"""How many pixels a byte of a file can hold at most: by the standards' shortest codes, one bit a JPEG's block and
1 to 1032 for deflate, or one bit a pixel where nothing is compressed. What claims more is not decoded, since its
pixels would be made room for first."""


def _too_few(width: int, height: int, length: int) -> PictureError:
    return PictureError("truncated_image", f"{length} bytes cannot hold the {width} x {height} pixels of its header")


def _by_opencv(data: bytes, flags: int) -> npt.NDArray[Any] | None:
    try:
        decoded: npt.NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    return decoded


def _rgb(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """OpenCV's channel order (BGR, BGRA) turned to RGB, alpha dropped."""
    return array if array.ndim == 2 else np.ascontiguousarray(array[..., 2::-1])


def _other(data: bytes, kind: Kind, page: int | None, role: Role) -> Pixels:
    what = stranger(data[:512])
    if what is not None:
        raise bad(role, what)
    try:
        with own_limit():  # Pillow asks for its limit again when it decodes a TIFF
            picture = Image.open(io.BytesIO(data), formats=PILLOW_FORMATS)
            check_size(*picture.size)
            if page:
                picture.seek(page)
                check_size(*picture.size)
            elif page is None and role == "mask":
                _refuse_pages(picture)
            _check_length(picture, len(data))
            if picture.format == "PNG" and picture.mode == "P" and picture.palette is None:
                raise bad(role, "its colors are numbers of a palette, and it has none")
            if _deep_colour(picture, data):
                return _deep(data, kind, role)
            return _from_pillow(_as_stored(picture), kind, data)
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        if _is_cut_off(error, data):
            raise PictureError("truncated_image", "the file ends before its last pixel") from error
        raise bad(role, "not a picture of a known format") from error
    except Exception as error:  # a decoder fed with a stranger's bytes may raise anything
        if _is_cut_off(error, data):
            raise PictureError("truncated_image", "the file ends before its last pixel") from error
        raise bad(role, f"cannot be decoded: {told(error)}") from error


def _check_length(picture: Image.Image, length: int) -> None:
    """Refuse a picture whose file is too short for the size that its header claims."""
    form = picture.format or ""
    width, height = picture.size
    most = _PIXELS_A_BYTE.get(form)
    if form == "TIFF" and picture.info.get("compression") == "raw":
        most = 8
    if form in ("BMP", "DIB") and picture.info.get("compression"):
        most = None  # run lengths
    if most is not None and width * height > most * length:
        raise _too_few(width, height, length)


def _refuse_pages(picture: Image.Image) -> None:
    """Refuse a mask file that holds more than one page of its size (a smaller one is a preview)."""
    pages = min(int(getattr(picture, "n_frames", 1)), _MOST_PAGES)
    size = picture.size
    for page in range(1, pages):
        picture.seek(page)
        if picture.size == size:
            raise bad("mask", f"it holds {getattr(picture, 'n_frames', 1)} pages: name one as a slice along axis 0")
    if pages > 1:
        picture.seek(0)


_MOST_PAGES: Final = 64


def alpha_differs(data: bytes) -> bool:
    """Whether a picture file has an alpha channel that says something: that is not the same everywhere."""
    if data[:2] == b"\xff\xd8":
        return False
    with own_limit():
        picture = Image.open(io.BytesIO(data), formats=PILLOW_FORMATS)
        if picture.mode not in ("RGBA", "LA", "PA", "RGBa", "La") and "transparency" not in picture.info:
            return False
        low, high = picture.convert("RGBA").getchannel("A").getextrema()
    return bool(low != high)


_TURNED_BACK: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def _as_stored(picture: Image.Image) -> Image.Image:
    """The picture decoded, its orientation ignored. Of all formats Pillow turns TIFF by itself; it is turned back."""
    turned = _TURNED_BACK.get(picture.getexif().get(0x0112, 1)) if picture.format == "TIFF" else None
    form = picture.format
    picture.load()
    if turned is not None:
        picture = picture.transpose(turned)
        picture.format = form  # a transposed copy forgets what it came from
    return picture


def _is_cut_off(error: Exception, data: bytes) -> bool:
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return True
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return b"IEND" not in data
    if data[:4] in (b"II*\0", b"MM\0*"):
        # a TIFF often keeps its directory after the pixels: cut off, it points behind the end
        return int.from_bytes(data[4:8], "little" if data[:1] == b"I" else "big") >= len(data)
    return False


def _deep_colour(picture: Image.Image, data: bytes) -> bool:
    """Whether a colour picture has more than 8 bits a channel, which Pillow would cut down."""
    return picture.mode in ("RGB", "RGBA", "LA") and stored_bits(picture, data) > 8


def stored_bits(picture: Image.Image, data: bytes) -> int:
    """Bits a channel as the file has them, from an opened picture and the file's first bytes."""
    if picture.format == "PNG":
        return data[24]
    if picture.format == "TIFF":
        bits = picture.tag_v2.get(258, 1)  # type: ignore[attr-defined]
        return int(max(bits)) if isinstance(bits, tuple) else int(bits)
    if picture.format == "PPM":
        return pnm_bits(data)
    return 1 if picture.mode == "1" else 8


def pnm_bits(data: bytes) -> int:
    """Bits a channel of a PBM, PGM or PPM, from its text header; comments run to the end of their line."""
    if data[1:2] in b"14":
        return 1
    lines = (line.partition(b"#")[0] for line in data[2:400].split(b"\n"))
    numbers = b" ".join(lines).split()[:3]
    return 16 if len(numbers) == 3 and numbers[2].isdigit() and int(numbers[2]) > 255 else 8


def _deep(data: bytes, kind: Kind, role: Role) -> Pixels:
    array = _by_opencv(data, cv2.IMREAD_UNCHANGED)
    if array is None:
        raise bad(role, "16-bit colour cannot be decoded")
    array = _rgb(array)
    if kind == "gray":
        array = one_channel(array)
    if kind == "color" and array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    return Pixels(array, top_of(array))


def _from_pillow(picture: Image.Image, kind: Kind, data: bytes) -> Pixels:
    mode = picture.mode
    if kind == "color":
        return Pixels(np.asarray(picture.convert("RGB")), 255)
    if mode in ("P", "PA"):
        if kind == "gray":
            return Pixels(np.asarray(picture.convert("L")), 255)
        array = np.asarray(picture)
        return Pixels(array if array.ndim == 2 else array[..., 0], 255)
    if mode in ("1", "L", "F") or mode.startswith("I"):
        return _one_plane(np.asarray(picture), picture, data)
    if kind == "gray" or mode == "LA":
        return Pixels(np.asarray(picture.convert("L")), 255)
    return Pixels(np.asarray(picture.convert("RGB")), 255)


def _one_plane(array: npt.NDArray[Any], picture: Image.Image, data: bytes) -> Pixels:
    if array.dtype == np.bool_:
        return Pixels(array != 0, 1)  # Pillow's True may be a byte of 255
    if picture.format in ("PNG", "PPM") and array.dtype == np.int32:
        array = array.astype(np.uint16)  # Pillow widens what is 16 bits in the file
    elif array.dtype.byteorder not in "=|":
        array = array.astype(array.dtype.newbyteorder("="))
    if picture.format == "PNG" and data[24] in (2, 4) and array.dtype == np.uint8:
        top = (1 << data[24]) - 1
        return Pixels(array // (255 // top), top)  # Pillow stretches 2 and 4 bits to 0..255
    return Pixels(array, top_of(array))


def one_channel(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(height, width, channels) reduced to (height, width): the first of equal channels, else their luma.

    A fourth channel, and a second one beside grey, is alpha and dropped.
    """
    if array.ndim == 2:
        return array
    if array.shape[2] < 3:
        return np.ascontiguousarray(array[..., 0])
    red, green, blue = array[..., 0], array[..., 1], array[..., 2]
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return np.ascontiguousarray(red)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    if array.dtype.kind == "u":
        luma = np.rint(luma)
    return luma.astype(array.dtype)
