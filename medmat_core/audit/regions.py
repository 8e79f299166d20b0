"""What a question about regions claims, held against the boxes that its own record lists.

Masks are not opened here. What boxes alone cannot tell (which cell holds a region, how much it covers) is held to what
boxes allow, and to the data itself with ``--data`` (:mod:`medmat_core.audit.truth`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from medmat_core.audit.faults import Told
from medmat_core.audit.wording import asked_box
from medmat_core.model import PixelBox, Record
from medmat_core.questions.pools import Pools
from medmat_core.regions.box_words import BoxFormat, box_text, read_steps
from medmat_core.regions.find import box_cells
from medmat_core.regions.words import CELLS, HARDLY, LISTED, MOSTLY, enclosing, parse_coverage
from medmat_core.subsets import in_sentence

Numbers = tuple[int, ...]
Size = tuple[int, int]
Own = Mapping[str, Sequence[PixelBox]]
"""The boxes of a record, by class."""


class RegionRules:
    """The rules of one data set's questions about regions."""

    def __init__(self, pools: Pools, box_format: BoxFormat) -> None:
        self.pools = pools
        self.box_format: BoxFormat = box_format
        self._by_ask = {
            "box": self._boxes, "location": self._location, "coverage": self._coverage, "presence": self._presence,
            "structure": self._structure,
        }  # fmt: skip

    def faults(self, record: Record) -> Iterator[Told]:
        """Everything that is wrong with the claims of a record."""
        size = (record.width, record.height)
        if 0 in size:
            yield "keys", "regions are asked about, and the picture has no size"
            return
        own = {some.caption: some.boxes for some in record.boxes}
        outside = [box for boxes in own.values() for box in boxes if not _inside(box, size)]
        if outside:
            yield "box_outside", f"{list(outside[0])} leaves the picture of {size[0]} x {size[1]}, or has no area"
        elif record.ask != "presence" and not own.get(record.captions[0]):
            yield "negative_asked", f"{record.ask} is asked of {record.captions[0]!r}, of which no box is listed"
        elif record.ask in self._by_ask:
            yield from self._by_ask[record.ask](record, own, size)

    # -- boxes --------------------------------------------------------------------------------------------------

    def _boxes(self, record: Record, own: Own, size: Size) -> Iterator[Told]:
        boxes = own[record.captions[0]]
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
        try:
            return list(read_steps(text, self.box_format))
        except ValueError:
            return []

    # -- places and shares ----------------------------------------------------------------------------------------

    def _location(self, record: Record, own: Own, size: Size) -> Iterator[Told]:
        boxes = own[record.captions[0]]
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

    def _coverage(self, record: Record, own: Own, size: Size) -> Iterator[Told]:
        try:
            said, *shown = map(parse_coverage, (record.answer, *record.options))
        except ValueError as error:
            yield "coverage_text", str(error)
            return
        most = sum(map(_area, own[record.captions[0]])) * 100 / (size[0] * size[1])
        least = most if record.kind == "box" else 0.0
        # what is printed may be half a step away, and never 0 %
        if said > max(most + 0.5001, 0.1) or (said < least - 0.5001 and said < 99.5):
            yield "coverage_answer", f"the answer is {record.answer}, its boxes hold {most:.1f}% at most"
        for one, two in combinations(sorted(shown), 2):
            if not far_apart(one, two):
                yield "coverage_close", f"{one:g}% and {two:g}% stand beside one another"
                return

    # -- classes ----------------------------------------------------------------------------------------------------

    def _presence(self, record: Record, own: Own, size: Size) -> Iterator[Told]:
        caption = record.captions[0]
        if set(record.options) != {caption, f"No {in_sentence(caption)}"}:
            yield "presence_options", f"expected 'No X' and {caption!r}, found {list(record.options)}"
            return
        there = caption in own
        if (record.answer == caption) != there:
            what = "boxes of it are listed" if there else "no box of it is listed"
            yield "presence_answer", f"the answer is {record.answer!r}, and {what}"
        meets = [name for name in own if name in self.pools.card.order and self.pools.clash(caption, name)]
        if not there and meets:
            yield "presence_answer", f"it is said to be absent, and {meets[0]!r}, which may be it, is there"

    def _structure(self, record: Record, own: Own, size: Size) -> Iterator[Told]:
        asked, caption = asked_box(record), record.captions[0]
        if len(named := self.read_boxes(asked)) != 1:
            yield "structure_box", f"the question names no box: {asked!r}"
            return
        if record.answer != caption:
            yield "caption_answer", f"the answer is {record.answer!r}, asked is {caption!r}"
        if not self.fits(record, own[caption]):
            yield "structure_box", f"no region of {caption!r} has an IoU of 0.3 with {asked}"
        for option in record.options:
            if option != record.answer and any(
                _shared(box, named[0]) for box in self._printed(own.get(option, ()), size)
            ):
                yield "structure_answer", f"{option!r} touches {asked} as well"
                return

    def fits(self, record: Record, boxes: Iterable[Sequence[int]]) -> bool:
        """Whether the box that a question names has, as printed, an IoU of at least 0.3 with one of a picture's."""
        printed = self._printed(boxes, (record.width, record.height))
        # which is 13 * shared >= 3 * (area + area), in whole numbers
        return any(13 * _shared(box, named) >= 3 * (_area(box) + _area(named))
                   for named in self.read_boxes(asked_box(record)) for box in printed)  # fmt: skip

    def _printed(self, boxes: Iterable[Sequence[int]], size: Size) -> list[Numbers]:
        return self.read_boxes(box_text(boxes, size, self.box_format))


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
