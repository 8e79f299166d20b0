"""What a question about regions claims, held against the boxes that its own record lists.

Masks are not opened here. What boxes alone cannot tell (which cell holds a region, how much it covers) is held to what
boxes allow, and to the data itself with ``--data`` (:mod:`medmat_core.audit.truth`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from medmat_core.audit.faults import Told
from medmat_core.model import PixelBox, Record
from medmat_core.questions.pools import Pools
from medmat_core.regions.box_words import RELATIVE, scaled, smart_resize
from medmat_core.regions.find import box_cells
from medmat_core.regions.words import (
    CELLS,
    HARDLY,
    LISTED,
    MOSTLY,
    BoxFormat,
    box_text,
    enclosing,
    parse_coverage,
    thousandths,
)  # fmt: skip
from medmat_core.subsets import in_sentence

Numbers = tuple[int, ...]

_INTERNVL: Final = re.compile(r"(?:<ref>.*</ref>)?<box>\[\[(.*)\]\]</box>", re.DOTALL)


class RegionRules:
    """The rules of one data set's questions about regions."""

    def __init__(self, pools: Pools, box_format: BoxFormat) -> None:
        self.pools = pools
        self.box_format: BoxFormat = box_format
        number = r"([01]\.\d{3})" if box_format == "unit" else r"(\d{1,6})"
        self._box = re.compile(rf"\[{', '.join([number] * 4)}\]")
        self._order = (1, 0, 3, 2) if box_format == "gemini" else (0, 1, 2, 3)

    def faults(self, record: Record, asked_box: str) -> Iterator[Told]:
        """Everything that is wrong with the claims of a record; ``asked_box`` is the box that its question names."""
        size = (record.width, record.height)
        if 0 in size:
            yield "keys", "regions are asked about, and the picture has no size"
            return
        own = {some.caption: some.boxes for some in record.boxes}
        outside = [box for boxes in own.values() for box in boxes if not _inside(box, size)]
        if outside:
            yield "box_outside", f"{list(outside[0])} leaves the picture of {size[0]} x {size[1]}, or has no area"
            return
        caption = record.captions[0] if record.captions else ""
        boxes = own.get(caption, ())
        if not boxes and record.ask != "presence":
            yield "negative_asked", f"{record.ask} is asked of {caption!r}, of which no box is listed"
            return
        if record.ask == "box":
            yield from self._boxes(record, boxes, size)
        elif record.ask == "location":
            yield from self._location(record, boxes, size)
        elif record.ask == "coverage":
            yield from self._coverage(record, boxes, size)
        elif record.ask == "presence":
            yield from self._presence(record, caption, own)
        else:
            yield from self._structure(record, own, asked_box, size)

    # -- boxes --------------------------------------------------------------------------------------------------

    def _boxes(self, record: Record, boxes: Sequence[PixelBox], size: tuple[int, int]) -> Iterator[Told]:
        listed = boxes if len(boxes) <= LISTED else [enclosing(boxes)]
        answer = box_text(listed, size, self.box_format, in_sentence(record.captions[0]))
        if record.answer != answer:
            yield "box_answer", f"the answer is {record.answer!r}, its boxes are {answer}"
        lists = [self.read_boxes(option) for option in record.options]
        if not all(lists):
            wrong = record.options[lists.index([])]
            yield "box_text", f"{wrong!r} is no list of boxes in the format {self.box_format}"
            return
        if len(set(map(len, lists))) > 1:
            yield "box_count", f"the options list {', '.join(str(len(some)) for some in lists)} boxes"
        for (one, these), (two, those) in combinations(zip(record.options, lists, strict=True), 2):
            if any(_over_half(a, b) for a in these for b in those):
                yield "box_close", f"{one} and {two} share more than half"
                return
        if self.box_format == "pixel":
            for option, some in zip(record.options, lists, strict=True):
                if any(not _inside(box, size) for box in some):
                    yield "box_outside", f"{option} leaves the picture of {size[0]} x {size[1]}"
                    return

    def read_boxes(self, text: str) -> list[Numbers]:
        """The numbers that an option prints, x first, [] where it is no list of boxes with an area."""
        found = []
        parts = text.split("; ")
        if self.box_format == "internvl":
            listed = _INTERNVL.fullmatch(text)
            parts = [f"[{part}]" for part in listed[1].split("], [")] if listed else []
        for part in parts:
            match = self._box.fullmatch(part)
            if match is None:
                return []
            numbers = [int(number.replace(".", "")) for number in match.groups()]
            box = tuple(numbers[place] for place in self._order)
            if not (box[0] < box[2] and box[1] < box[3]) or (self.box_format in RELATIVE and max(box) > 1000):
                return []
            found.append(box)
        return found

    # -- places and shares ----------------------------------------------------------------------------------------

    def _location(self, record: Record, boxes: Sequence[PixelBox], size: tuple[int, int]) -> Iterator[Told]:
        strange = [option for option in record.options if option not in CELLS]
        if strange or record.answer not in CELLS:
            yield "location_text", f"{(strange or [record.answer])[0]!r} is no cell of the grid"
            return
        if len(boxes) != 1:
            yield "location_answer", f"it is asked of a class with {len(boxes)} regions"
            return
        shares = dict(zip(CELLS, box_cells(boxes[0], size), strict=True))
        whole = record.kind == "box"  # then the box is the region; a mask only lies somewhere in it
        if shares[record.answer] < (MOSTLY if whole else 1e-9):
            yield "location_answer", f"its box {list(boxes[0])} lies {shares[record.answer]:.0%} in {record.answer}"
        held = [cell for cell in record.options if cell != record.answer and shares[cell] >= HARDLY]
        if whole and held:
            yield "location_answer", f"{shares[held[0]]:.0%} of its box {list(boxes[0])} lies in {held[0]}"

    def _coverage(self, record: Record, boxes: Sequence[PixelBox], size: tuple[int, int]) -> Iterator[Told]:
        shown = []
        for option in (record.answer, *record.options):
            try:
                shown.append(parse_coverage(option))
            except ValueError:
                yield "coverage_text", f"{option!r} is no percentage"
                return
        most = sum((box[2] - box[0]) * (box[3] - box[1]) for box in boxes) * 100 / (size[0] * size[1])
        least = most if record.kind == "box" else 0.0
        said = shown[0]
        # what is printed may be half a step away, and never 0 %
        if said > max(most + 0.5001, 0.1) or (said < least - 0.5001 and said < 99.5):
            yield "coverage_answer", f"the answer is {record.answer}, its boxes hold {most:.1f}% at most"
        for one, two in combinations(sorted(shown[1:]), 2):
            if not far_apart(one, two):
                yield "coverage_close", f"{one:g}% and {two:g}% stand beside one another"
                return

    # -- classes ----------------------------------------------------------------------------------------------------

    def _presence(self, record: Record, caption: str, own: dict[str, tuple[PixelBox, ...]]) -> Iterator[Told]:
        expected = {caption, f"No {in_sentence(caption)}"}
        if set(record.options) != expected:
            yield "presence_options", f"expected 'No X' and {caption!r}, found {list(record.options)}"
            return
        there = caption in own
        if (record.answer == caption) != there:
            what = "boxes of it are listed" if there else "no box of it is listed"
            yield "presence_answer", f"the answer is {record.answer!r}, and {what}"
        clash = [name for name in own if name in self.pools.card.order and name != caption]
        meets = [name for name in clash if self.pools.clash(caption, name)]
        if not there and meets:
            yield "presence_answer", f"it is said to be absent, and {meets[0]!r}, which may be it, is there"

    def _structure(
        self, record: Record, own: dict[str, tuple[PixelBox, ...]], asked: str, size: tuple[int, int]
    ) -> Iterator[Told]:
        boxes = self.read_boxes(asked)
        if len(boxes) != 1:
            yield "structure_box", f"the question names no box: {asked!r}"
            return
        (named,) = boxes
        printed = {name: [self._printed(box, size) for box in several] for name, several in own.items()}
        if record.answer != record.captions[0]:
            yield "caption_answer", f"the answer is {record.answer!r}, asked is {record.captions[0]!r}"
        # IoU of at least 0.3 is 13 * shared >= 3 * (area + area), in whole numbers
        if not any(
            13 * _shared(box, named) >= 3 * (_area(box) + _area(named)) for box in printed.get(record.captions[0], ())
        ):
            yield "structure_box", f"no region of {record.captions[0]!r} has an IoU of 0.3 with {asked}"
        for option in record.options:
            if option != record.answer and any(_shared(box, named) for box in printed.get(option, ())):
                yield "structure_answer", f"{option!r} touches {asked} as well"
                return

    def _printed(self, box: PixelBox, size: tuple[int, int]) -> Numbers:
        if self.box_format == "qwen25":
            return scaled(box, size, smart_resize(size))
        return box if self.box_format == "pixel" else thousandths(box, size)


def far_apart(one: float, two: float) -> bool:
    """Whether two percentages are 10 points or 1.5 times apart."""
    low, high = sorted((one, two))
    return high - low >= 10 - 1e-6 or (high >= 1.5 * low - 1e-6 and high > low)


def _inside(box: Sequence[int], size: tuple[int, int]) -> bool:
    return 0 <= box[0] < box[2] <= size[0] and 0 <= box[1] < box[3] <= size[1]


def _area(box: Sequence[int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _shared(one: Sequence[int], two: Sequence[int]) -> int:
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    return max(width, 0) * max(height, 0)


def _over_half(one: Sequence[int], two: Sequence[int]) -> bool:
    """IoU over 1/2 is 3 * shared > area + area: a tie is a tie."""
    return 3 * _shared(one, two) > _area(one) + _area(two)
