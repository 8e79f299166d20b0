"""What a question about regions claims, held against the boxes that its own record lists.

Masks are not opened here. What boxes alone cannot tell (which cell holds a region, how much it covers) is held to what
boxes allow, and to the data itself with ``--data`` (:mod:`medmat_core.audit.truth`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Final

from medmat_core.audit.faults import Told
from medmat_core.audit.home import Home
from medmat_core.model import PixelBox, Record
from medmat_core.regions.box_words import BoxFormat, box_text, read_steps
from medmat_core.regions.find import box_cells
from medmat_core.regions.words import CELLS, HARDLY, LISTED, MOSTLY, enclosing, parse_coverage
from medmat_core.subsets import in_sentence

Numbers = tuple[int, ...]
Size = tuple[int, int]
Own = Mapping[str, Sequence[PixelBox]]
"""The boxes of a record, by class."""


def region_told(record: Record, home: Home) -> Iterator[Told]:
    """Everything that is wrong with the claims of a record about regions."""
    size, caption = (record.width, record.height), record.captions[0]
    if min(size) < 1:  # which the record itself is told of
        return
    own = {some.caption: some.boxes for some in record.boxes}
    outside = [box for boxes in own.values() for box in boxes if not _inside(box, size)]
    if outside:
        yield "box_outside", f"{list(outside[0])} leaves the picture of {size[0]} x {size[1]}, or has no area"
    elif record.ask != "presence" and not own.get(caption):
        yield "negative_asked", f"{record.ask} is asked of {caption!r}, of which no box is listed"
    elif record.ask in _RULES:
        yield from _RULES[record.ask](record, own, size, home)


def read_boxes(text: str, box_format: BoxFormat) -> list[Numbers]:
    """The numbers that an option prints, x first, [] where it is no list of boxes with an area."""
    try:
        return list(read_steps(text, box_format))
    except ValueError:
        return []


def _boxes(record: Record, own: Own, size: Size, home: Home) -> Iterator[Told]:
    boxes = own[record.captions[0]]
    listed = boxes if len(boxes) <= LISTED else [enclosing(boxes)]
    answer = box_text(listed, size, home.terms.box_format, in_sentence(record.captions[0]))
    if record.answer != answer:
        yield "box_answer", f"the answer is {record.answer!r}, its boxes are {answer}"
    lists = [read_boxes(option, home.terms.box_format) for option in record.options]
    if not all(lists):
        wrong = record.options[lists.index([])]
        yield "box_text", f"{wrong!r} is no list of boxes in the format {home.terms.box_format}"
        return
    if len(set(map(len, lists))) > 1:
        yield "box_count", f"the options list {', '.join(str(len(some)) for some in lists)} boxes"
    for (one, these), (two, those) in combinations(zip(record.options, lists, strict=True), 2):
        # an IoU over 1/2 is 3 * shared > area + area: a tie is a tie
        if any(3 * _shared(a, b) > _area(a) + _area(b) for a in these for b in those):
            yield "box_close", f"{one} and {two} share more than half"
            return
    for option, some in zip(record.options, lists, strict=True):
        if home.terms.box_format == "pixel" and not all(_inside(box, size) for box in some):
            yield "box_outside", f"{option} leaves the picture of {size[0]} x {size[1]}"
            return


def _location(record: Record, own: Own, size: Size, home: Home) -> Iterator[Told]:
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


def _coverage(record: Record, own: Own, size: Size, home: Home) -> Iterator[Told]:
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
    for one, two in pairwise(sorted(shown)):
        if two - one < 10 - 1e-6 and (two < 1.5 * one - 1e-6 or one == two):  # neither 10 points nor 1.5 times apart
            yield "coverage_close", f"{one:g}% and {two:g}% stand beside one another"
            return


def _presence(record: Record, own: Own, size: Size, home: Home) -> Iterator[Told]:
    caption = record.captions[0]
    if set(record.options) != {caption, f"No {in_sentence(caption)}"}:
        yield "presence_options", f"expected 'No X' and {caption!r}, found {list(record.options)}"
        return
    there = caption in own
    if (record.answer == caption) != there:
        yield "presence_answer", f"the answer is {record.answer!r}, and {'a' if there else 'no'} box of it is listed"
    meets = [name for name in own if name in home.pools.card.order and home.pools.clash(caption, name)]
    if not there and meets:
        yield "presence_answer", f"it is said to be absent, and {meets[0]!r}, which may be it, is there"


def _structure(record: Record, own: Own, size: Size, home: Home) -> Iterator[Told]:
    asked, caption = asked_box(record.question), record.captions[0]
    if len(named := read_boxes(asked, home.terms.box_format)) != 1:
        yield "structure_box", f"the question names no box: {asked!r}"
        return
    if record.answer != caption:
        yield "caption_answer", f"the answer is {record.answer!r}, asked is {caption!r}"
    if not fits(record, own[caption], home.terms.box_format):
        yield "structure_box", f"no region of {caption!r} has an IoU of 0.3 with {asked}"
    for option in (option for option in record.options if option != record.answer):
        if any(_shared(box, named[0]) for box in printed(own.get(option, ()), size, home.terms.box_format)):
            yield "structure_answer", f"{option!r} touches {asked} as well"
            return


_RULES: Final = {
    "box": _boxes, "location": _location, "coverage": _coverage, "presence": _presence, "structure": _structure,
}  # fmt: skip


def asked_box(question: str) -> str:
    """The box that a structure question names, as text; '' where there is none."""
    found = re.search(r"(<box>)?\[+[^\]]*\]+(</box>)?", question)
    return found[0] if found else ""


def fits(record: Record, boxes: Iterable[Sequence[int]], box_format: BoxFormat) -> bool:
    """Whether the box that a question names has, as printed, an IoU of at least 0.3 with one of a picture's."""
    # which is 13 * shared >= 3 * (area + area), in whole numbers
    return any(13 * _shared(box, named) >= 3 * (_area(box) + _area(named))
               for named in read_boxes(asked_box(record.question), box_format)
               for box in printed(boxes, (record.width, record.height), box_format))  # fmt: skip


def printed(boxes: Iterable[Sequence[int]], size: Size, box_format: BoxFormat) -> list[Numbers]:
    """The numbers that boxes have in texts."""
    return read_boxes(box_text(boxes, size, box_format), box_format)


def _inside(box: Sequence[int], size: Size) -> bool:
    return 0 <= box[0] < box[2] <= size[0] and 0 <= box[1] < box[3] <= size[1]


def _area(box: Sequence[int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _shared(one: Sequence[int], two: Sequence[int]) -> int:
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    return max(width, 0) * max(height, 0)
