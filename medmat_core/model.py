"""The words of medmat as classes: what an adapter yields and what a build makes of it.

Everything here is a small frozen value that pickles. Nothing here opens a file. Coordinates are pixels of
the stored picture (EXIF orientation ignored), x to the right and y down, boxes half-open
``(x1, y1, x2, y2)`` with ``0 <= x1 < x2 <= width``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from attrs import field, frozen

Split = Literal["train", "val", "test"]

PARTS: Final[tuple[str, ...]] = get_args(Split)
"""The parts of a split, weakest first: what is on two sides stays on the stronger one."""
Point = tuple[float, float]

PLACEHOLDERS: Final[Mapping[str, frozenset[str]]] = {
    "label": frozenset({"modality", "area"}),
    "box": frozenset({"modality", "area", "caption", "count", "convention"}),
    "location": frozenset({"modality", "area", "caption"}),
    "coverage": frozenset({"modality", "area", "caption"}),
    "presence": frozenset({"modality", "area", "caption"}),
    "structure": frozenset({"modality", "area", "box", "convention"}),
}
"""What every instruction of an ask holds, no more; :func:`medmat_core.subsets.wording.lacking` says what it may leave
out."""

ASKS: Final[tuple[str, ...]] = tuple(PLACEHOLDERS)
"""Every form of question, in the order in which the records of one picture are written."""

_NOTED: Final[Mapping[str, str]] = {
    # worth knowing, nothing was lost by mistake
    "no_label": "no finding is stated and none is excluded: there is nothing to ask",
    "no_distractor": "no wrong option is left that is certainly wrong",
    "regions_too_small": "all regions lie under the size floor",
    "mask_size": "the mask had another size than the picture and was scaled to it (nearest)",
    "leaves_data": "a link leads out of the data folder",
    "copy": "another picture of the data set has the same bytes and is asked about instead",
    "split_leak": "a picture or group of the train part that is also in the test part was dropped",
    "near_copy": "a near copy of the picture is in a stronger part, or in test of another data set",
    "empty_class": "no picture shows a class of the card",
    "empty_row": "a row of a label file names no picture",
    "other_spelling": "a label file names a picture in other letters than its file (case, accents)",
    "unlabelled": "pictures that the data set publishes without labels were left out",
    "left_out": "pictures were left out on purpose, as the card says",
    "no_question": "pictures are there, and the data set gave no question all the same",
}

REASONS: Final[Mapping[str, str]] = {
    # refused: the input could not be used, the build exits with 1
    "missing_image": "a label file names a picture that is not there",
    "missing_mask": "a picture has no mask file, and the card does not say that this means 'nothing found'",
    "missing_label": "a picture has no row in the label file",
    "missing_file": "a label file that the data set needs is not there",
    "unknown_label": "the label is not on the card",
    "bad_row": "a row of a label file has the wrong number of fields or an unreadable value",
    "bad_file": "a label file cannot be read or parsed",
    "bad_image": "the picture's header cannot be read",
    "truncated_image": "the picture ends before its last pixel",
    "image_too_large": "the picture has more than 200 megapixels",
    "bad_mask": "the mask cannot be decoded",
    "bad_box": "a box has no area inside the picture, or reaches far out of it",
    "bad_name": "a file name fits none of the data set's naming rules",
    "path_escapes": "a label file points outside the data folder",
    "contradictory_label": "one picture is filed under classes that exclude one another",
    "listed_twice": "one picture is listed more than once",
    "reader_failed": "the adapter stopped with an error",
    "no_picture": "the data set's folder holds no picture with a label that the card describes",
    **_NOTED,
}
"""The fixed list of reasons of problems.jsonl, each with what it means."""

NOTES: Final = frozenset(_NOTED)
"""Reasons for which nothing is refused."""

DETAIL: Final = 500
"""Characters in the detail of a problem; what is longer is cut."""


@frozen
class Slice:
    """One two-dimensional picture inside a volume file (NIfTI, NumPy, multi-frame DICOM).

    ``index`` counts from 0 along ``axis`` of the array as its reader library returns it.
    """

    path: str
    index: int
    axis: int = 2

    def __str__(self) -> str:
        return f"{self.path}#{self.index:04d}"


_SLICE: Final = re.compile(r"#\d{4,}$")


def file_and_slice(image: str) -> tuple[str, str]:
    """A picture as text, parted: the file, and "#0003" where it is a slice. "#" may stand in a file's name, too."""
    found = _SLICE.search(image)
    return (image[: found.start()], found[0]) if found else (image, "")


ImageRef = str | Slice
"""A picture: a path below the data set's root with '/' separators, or a slice of a volume there."""


def file_of(image: ImageRef) -> str:
    """The file that is a picture, or holds it."""
    return image.path if isinstance(image, Slice) else image


@frozen
class MaskFile:
    """A mask that is a picture: pixels above the threshold belong to the class ``code``.

    ``threshold`` is in stored values; None means half of the format's range (``True`` counts as the top of
    a 1-bit mask). ``invert`` swaps foreground and background. RGB masks are reduced to one channel first;
    an alpha channel is dropped.
    """

    path: ImageRef
    code: str
    threshold: float | None = None
    invert: bool = False


@frozen
class IndexMask:
    """A mask whose stored values name classes: ``codes`` pairs a value with a class code.

    ``named`` are the values that the card names besides; a value that nobody names refuses the mask. None: the card was
    not asked (the build asks it), and every value goes.
    """

    path: ImageRef
    codes: tuple[tuple[int, str], ...]
    named: tuple[int, ...] | None = None


@frozen
class ColorMask:
    """A mask whose colours name classes: ``codes`` pairs an (r, g, b) colour with a class code.

    ``tolerance`` is the largest difference a channel may show (JPEG noise). ``named`` as in :class:`IndexMask`.
    """

    path: ImageRef
    codes: tuple[tuple[tuple[int, int, int], str], ...]
    tolerance: int = 0
    named: tuple[tuple[int, int, int], ...] | None = None


@frozen
class RleMask:
    """Run lengths as text.

    ``order``: pixels are counted along "rows" (left to right, then down) or "columns" (top to bottom, then
    right). ``start``: "one" and "zero" for absolute starts counted from 1 or 0, "relative" for gaps since
    the end of the previous run (SIIM-ACR). ``size`` is (width, height); None means the picture's own.
    """

    runs: str
    code: str
    order: Literal["rows", "columns"] = "columns"
    start: Literal["one", "zero", "relative"] = "one"
    size: tuple[int, int] | None = None


@frozen
class PolygonMask:
    """One closed outline in pixel centres (x, y); the outline itself belongs to the region."""

    points: tuple[Point, ...]
    code: str


Mask = MaskFile | IndexMask | ColorMask | RleMask | PolygonMask


@frozen
class Box:
    """A half-open pixel box (x1, y1, x2, y2) of one class; floats are allowed, as files state them.

    Four NaN are a box that is there and could not be read, which its reader has reported: its class is neither present
    nor absent. ``within`` is the (width, height) of the picture that the box was drawn on, where the file says so: the
    sample is refused where the picture has another size. ``relative``: corners are fractions of the picture's width
    and height, from 0 to 1.
    """

    code: str
    xyxy: tuple[float, float, float, float]
    within: tuple[int, int] | None = field(default=None, eq=False)
    relative: bool = False


@frozen
class LabelSample:
    """A picture with what its data set says of it, in the data set's own codes.

    ``stated`` holds the codes that are true of the picture. ``uncertain`` ones are neither answer nor
    distractor. ``absent`` ones are marked absent by the data set's own table; in a single-label data set
    the classes exclude one another and ``absent`` stays empty.
    """

    image: ImageRef
    stated: tuple[str, ...]
    uncertain: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    group: str | None = None
    split: Split | None = None


@frozen
class MaskSample:
    """A picture with masks per class. No masks, or empty ones: a negative."""

    image: ImageRef
    masks: tuple[Mask, ...]
    group: str | None = None
    split: Split | None = None


@frozen
class BoxSample:
    """A picture with boxes per class. No boxes: a negative."""

    image: ImageRef
    boxes: tuple[Box, ...]
    group: str | None = None
    split: Split | None = None


Sample = LabelSample | MaskSample | BoxSample


@frozen
class Region:
    """One connected lesion or structure.

    ``box`` is half-open in integer pixels, ``area`` in pixels, ``cells`` the share of the area in each
    cell of the 3 x 3 grid (row by row, sums to 1).
    """

    code: str
    box: tuple[int, int, int, int]
    area: float
    cells: tuple[float, ...] = ()


def _short(detail: str) -> str:
    """A detail may quote a label file, and a broken one may hold a cell of any length."""
    return detail if len(detail) <= DETAIL else f"{detail[: DETAIL - 4]} ..."


@frozen
class Problem:
    """One input that could not be used as it lies there (a line of problems.jsonl).

    ``reason`` comes from :data:`REASONS`; an adapter may leave ``dataset`` empty, the build fills it in.
    """

    reason: str = field()
    file: str = ""
    detail: str = field(default="", converter=_short)
    row: int | None = None
    dataset: str = ""

    @reason.validator
    def _known(self, attribute: Any, value: str) -> None:
        if value not in REASONS:
            raise ValueError(f"reason {value!r} is not in the fixed list; use one of {', '.join(REASONS)}")

    @property
    def level(self) -> str:
        """'note' or 'refused'; a refused input sets exit code 1."""
        return "note" if self.reason in NOTES else "refused"


PixelBox = tuple[int, int, int, int]
"""A half-open box (x1, y1, x2, y2) in whole pixels of the picture named."""


@frozen
class ClassBoxes:
    """All boxes of one class in a picture."""

    caption: str
    boxes: tuple[PixelBox, ...]


@frozen
class Record:
    """One picture with one question: a line of ``records/``, key by key.

    Types never change, so that every reader of columns can read all files of a build: what is not there is ``0``,
    ``""`` or an empty tuple. ``no`` is 0 for a data set that is no row of Med-MAT's table. ``group`` is
    "namespace:id". ``image`` is a path relative to the parent of the data folder, a rendered one relative to the folder
    of the build (which is the same folder unless ``--out`` says otherwise). ``width`` and ``height`` are stored pixels,
    0 with ``--verify none``. ``options`` is empty and ``answer_index`` -1 in an open record. ``round`` is what the
    pictures of one round share, "" where there is none. ``boxes`` holds all classes of the picture, in card order.
    ``template`` is the instruction's place (0-5) among the six of its ask.
    """

    id: int
    key: str
    no: int
    slug: str
    subset: int
    split: str
    group: str
    image: str
    width: int
    height: int
    kind: str
    ask: str
    captions: tuple[str, ...]
    question: str
    answer: str
    options: tuple[str, ...]
    answer_index: int
    round: str
    boxes: tuple[ClassBoxes, ...]
    template: int

    @property
    def data_no(self) -> str:
        """The row number as text; a third party's data set has its slug here."""
        return str(self.no) if self.no else self.slug

    @property
    def is_open(self) -> bool:
        """Whether the record has no options."""
        return not self.options
