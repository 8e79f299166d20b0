"""The example tree of a card: what ``medmat sample`` writes, and what the adapter or layout must make of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import Factory, frozen


@frozen
class ExamplePicture:
    """One or more pictures of the example tree, drawn by ``medmat sample``.

    ``size`` is (width, height). ``mode`` is Pillow's ("RGB", "RGBA", "L", "1", "P", "I;16"), for volumes
    and DICOM "L" or "I;16". ``shapes`` draws a mask: each is a table with ``box`` or ``ellipse``
    (x1, y1, x2, y2 half-open), ``polygon`` or ``point`` and a ``value`` (number or [r, g, b]), on
    ``background``; without shapes and background a phantom is drawn. ``slices`` > 0 makes a volume, where a
    shape may carry ``slice``. ``dicom`` sets DICOM keywords. ``format`` overrides what the suffix says
    ("jpeg", "png", "bmp", "tiff", "pgm", "dicom", "nifti", "npy"; "dicom" without one). ``same_as`` copies another
    picture's bytes.
    """

    paths: tuple[str, ...]
    size: tuple[int, int] = (64, 48)
    mode: str = "RGB"
    shapes: tuple[Mapping[str, Any], ...] = ()
    background: Any = None
    slices: int = 0
    dicom: Mapping[str, Any] = Factory(dict)
    format: str = ""
    same_as: str = ""


@frozen
class ExampleFile:
    """A label file of the example tree, literal with its quirks.

    ``text`` is written as it stands with ``newline`` and ``encoding`` applied, ``bom`` puts a UTF-8 byte-order
    mark in front. ``sheets`` (name -> rows) makes an .xlsx instead; ``zip`` or the like is not supported.
    """

    path: str
    text: str = ""
    encoding: str = "utf-8"
    newline: Literal["lf", "crlf"] = "lf"
    bom: bool = False
    sheets: Mapping[str, tuple[tuple[Any, ...], ...]] = Factory(dict)


@frozen
class Expect:
    """What the example tree must yield for one picture.

    ``image`` is the path in the tree (``path#0003`` for a slice). ``captions`` are the stated ones, or the
    classes with a region; empty means a negative. ``group`` and ``split`` are compared where given,
    ``boxes`` (caption -> list of half-open boxes) too. ``unused``: the adapter must not yield the picture.
    """

    image: str
    captions: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    group: str | None = None
    split: str | None = None
    boxes: Mapping[str, tuple[tuple[int, int, int, int], ...]] = Factory(dict)
    unused: bool = False


@frozen
class Example:
    """The literal example tree: pictures, label files, and what they must yield. ``lesions`` (path -> boxes) are those
    of phantoms whose boxes only the other card of a shared folder expects."""

    pictures: tuple[ExamplePicture, ...] = ()
    files: tuple[ExampleFile, ...] = ()
    expect: tuple[Expect, ...] = ()
    lesions: Mapping[str, tuple[tuple[int, int, int, int], ...]] = Factory(dict)
