"""What questions about regions claim, measured against the boxes that the record itself carries.

Boxes are half-open (x1, y1, x2, y2) in pixels of the picture. A box read from its text is exact to half a step of
its format, so the right boxes are compared with that tolerance and wrong ones with the right ones as written, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from medmat_core.audit.entries import CELLS, Entry, Told
from medmat_core.audit.labels import Labels
from medmat_core.audit.wording import Instructions
from medmat_core.subsets import in_sentence

Box = tuple[float, float, float, float]

_NUMBER: Final = {"unit": r"(\d\.\d{3})", "thousand": r"(\d{1,4})", "pixel": r"(\d+)"}
_BOX: Final = {fmt: re.compile(rf"\[{n}, {n}, {n}, {n}\]") for fmt, n in _NUMBER.items()}
_PERCENT: Final = re.compile(r"(\d{1,3}|0\.\d)%")

MOST_LISTED: Final = 4
MOSTLY: Final = 0.6
HARDLY: Final = 0.05
_QUARTER: Final = 0.25
_SLACK: Final = 1e-6


def format_of(entry: Entry) -> str:
    """The box format of a record, where no manifest tells it."""
    text = entry.answer + entry.question
    if re.search(r"\[\d\.\d", text):
        return "unit"
    return "thousand" if "thousandth" in entry.question else "pixel"


def read_boxes(text: str, fmt: str, size: tuple[int, int]) -> list[Box] | None:
    """Boxes from an option's text, in pixels of a picture of ``size``; None for any other text."""
    across, down = {"unit": size, "thousand": (size[0] / 1000, size[1] / 1000), "pixel": (1, 1)}[fmt]
    found: list[Box] = []
    for part in text.split("; "):
        match = _BOX[fmt].fullmatch(part)
        if match is None:
            return None
        x1, y1, x2, y2 = map(float, match.groups())
        found.append((x1 * across, y1 * down, x2 * across, y2 * down))
    return found


def area(box: Sequence[float]) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def shared(a: Sequence[float], b: Sequence[float]) -> float:
    """The area of the overlap."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def enclosing(boxes: Sequence[Sequence[float]]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


class Regions:
    """The rules of one data set's questions about regions."""

    def __init__(self, labels: Labels | None, instructions: Instructions, box_format: str | None) -> None:
        self.labels = labels
        self.instructions = instructions
        self.box_format = box_format

    def faults(self, entry: Entry) -> Iterator[Told]:
        """(name, sentence) of everything wrong with a question about regions."""
        caption = entry.captions[0]
        if len(entry.captions) != 1:
            yield "caption_answer", f"one class is asked about at a time, found {', '.join(entry.captions)}"
        if entry.full:
            yield from self._stored(entry)
            if entry.ask != "presence" and caption not in entry.boxes:
                yield "negative_asked", f"{entry.ask} is asked of {caption!r}, which has no box in the picture"
                return
        check = {
            "box": self._box, "location": self._location, "coverage": self._coverage, "presence": self._presence,
            "structure": self._structure,
        }[entry.ask]  # fmt: skip
        yield from check(entry, caption)

    def _stored(self, entry: Entry) -> Iterator[Told]:
        if entry.width is None or entry.height is None:
            yield "keys", "a question about regions needs the picture's width and height"
            return
        for caption, boxes in entry.boxes.items():
            if self.labels is not None and self.labels.card is not None and not self.labels.is_own(caption):
                yield "unknown_caption", f"boxes of {caption!r}, which is not on the card"
            for x1, y1, x2, y2 in boxes:
                if not (0 <= x1 < x2 <= entry.width and 0 <= y1 < y2 <= entry.height):
                    yield "box_outside", f"{caption!r} has the box {[x1, y1, x2, y2]} in {entry.width} x {entry.height}"

    # -- box --------------------------------------------------------------------------------------

    def _box(self, entry: Entry, caption: str) -> Iterator[Told]:
        fmt = self.box_format or format_of(entry)
        size = _size(entry, fmt)
        read = {option: read_boxes(option, fmt, size) for option in entry.options}
        for option, boxes in read.items():
            if boxes is None:
                yield "box_text", f"{option!r} is no list of boxes in the format {fmt!r}"
            elif any(not (_inside(box, size) and area(box) > 0) for box in boxes):
                yield "box_outside", f"{option!r} leaves the picture or has no area"
        known = {option: boxes for option, boxes in read.items() if boxes is not None}
        if len({len(boxes) for boxes in known.values()}) > 1 or any(len(b) > MOST_LISTED for b in known.values()):
            yield "box_count", f"options list {', '.join(str(len(boxes)) for boxes in known.values())} boxes"
        right = known.get(entry.answer)
        if right is None:
            return
        step = (1.0, 1.0) if fmt == "pixel" else (size[0] / 1000, size[1] / 1000)
        truths: list[Box] = list(right)
        if entry.full:
            stored = sorted(set(entry.boxes[caption]), key=lambda b: (b[1], b[0], b[3], b[2]))
            expected: list[Box] = [enclosing(stored)] if len(stored) > MOST_LISTED else [*stored]
            exact = fmt == "pixel"
            if len(expected) != len(right) or not all(
                _close(a, b, step, exact) for a, b in zip(right, expected, strict=True)
            ):
                yield (
                    "box_answer",
                    f"the answer is {entry.answer}, the boxes of {caption!r} are {list(map(list, stored))}",
                )
            truths.extend(stored)
        for option, boxes in known.items():
            if option != entry.answer:
                yield from _wrong_boxes(option, boxes, right, truths)

    # -- location ---------------------------------------------------------------------------------

    def _location(self, entry: Entry, caption: str) -> Iterator[Told]:
        strange = [option for option in entry.options if option not in CELLS]
        if strange:
            yield "location_text", f"{strange[0]!r} is no cell of the grid"
        if not entry.full or entry.width is None or entry.height is None or entry.answer not in CELLS:
            return
        boxes = entry.boxes[caption]
        if len(boxes) != 1:
            yield "location_answer", f"{caption!r} has {len(boxes)} regions, so it has no one place"
            return
        shares = _cells(boxes[0], (entry.width, entry.height))
        held = dict(zip(CELLS, shares, strict=True))
        # a region fills its box only where the data set gives boxes; of a mask only what its box rules out is known
        whole = entry.kind == "box"
        if held[entry.answer] <= 0 or (whole and held[entry.answer] < MOSTLY - _SLACK):
            share = f"{100 * held[entry.answer]:.0f} %"
            yield "location_answer", f"{entry.answer!r} holds {share} of the box {list(boxes[0])}"
        for option in entry.wrong:
            if held.get(option, 0) > 1 - _SLACK or (whole and held.get(option, 0) >= HARDLY + _SLACK):
                yield "distractor_true", f"{option!r} holds {100 * held[option]:.0f} % of the box {list(boxes[0])}"

    # -- coverage ---------------------------------------------------------------------------------

    def _coverage(self, entry: Entry, caption: str) -> Iterator[Told]:
        values: dict[str, float] = {}
        for option in entry.options:
            match = _PERCENT.fullmatch(option)
            if match is None or not 0 < float(match[1]) <= 100:
                yield "coverage_text", f"{option!r} is no percentage of the picture"
            else:
                values[option] = float(match[1])
        for one, other in combinations(sorted(values, key=values.__getitem__), 2):
            low, high = values[one], values[other]
            if high - low < max(2.0, min(low, 20.0)) - _SLACK:
                yield "coverage_close", f"{one} and {other} are too close to be told apart by eye"
        if not entry.full or entry.answer not in values or entry.width is None or entry.height is None:
            return
        most = 100 * sum(area(box) for box in entry.boxes[caption]) / (entry.width * entry.height)
        # rounded to whole percents from 1 % up; 0.1 % is the least that is ever said
        if values[entry.answer] > max(0.1, most + (0.5 if most >= 0.5 else 0.05)) + _SLACK:
            yield "coverage_answer", f"{entry.answer} is said, the boxes of {caption!r} hold {most:.2f} % in all"

    # -- presence ---------------------------------------------------------------------------------

    def _presence(self, entry: Entry, caption: str) -> Iterator[Told]:
        no = f"No {in_sentence(caption)}"
        if sorted(entry.options) != sorted((caption, no)):
            yield "presence_options", f"presence of {caption!r} is asked with {', '.join(map(repr, entry.options))}"
        elif entry.full and (entry.answer == caption) != (caption in entry.boxes):
            there = "has boxes" if caption in entry.boxes else "has no box"
            yield "presence_answer", f"the answer is {entry.answer!r}, but {caption!r} {there}"

    # -- structure --------------------------------------------------------------------------------

    def _structure(self, entry: Entry, caption: str) -> Iterator[Told]:
        if entry.answer != caption:
            yield "caption_answer", f"the answer is {entry.answer!r}, the class is {caption!r}"
        fmt = self.box_format or format_of(entry)
        size = _size(entry, fmt)
        there = [caption]
        text = self.instructions.asked_box(entry)
        boxes = read_boxes(text, fmt, size) if text is not None else None
        if not boxes:
            yield "structure_box", f"the question names no box in the format {fmt!r}"
        elif not _inside(boxes[0], size) or area(boxes[0]) <= 0:
            yield "box_outside", f"{text} leaves the picture or has no area"
        elif entry.full:
            step = (1.0, 1.0) if fmt == "pixel" else (size[0] / 1000, size[1] / 1000)
            if not any(_close(boxes[0], box, step, fmt == "pixel") for box in entry.boxes[caption]):
                yield "structure_box", f"{text} is no box of {caption!r}"
            own = [box for box in entry.boxes[caption] if _close(boxes[0], box, step, fmt == "pixel")]
            there += [
                other
                for other, several in entry.boxes.items()
                if other != caption and any(shared(box, mine) > 0 for box in several for mine in own)
            ]
        if self.labels is None:
            return
        for option in entry.wrong:
            name = next((fault for other in there if (fault := self.labels.wrong(other, option))), "")
            if name:
                yield name, f"{option!r} is, or may be, true of a box that holds {', '.join(there)}"
            elif not self.labels.in_pool(option):
                yield "not_in_pool", f"{option!r} is no label of the subset's pool"


def _size(entry: Entry, fmt: str) -> tuple[int, int]:
    """The picture's size; without it fractions are measured in a picture of 1000 x 1000."""
    if entry.width is not None and entry.height is not None:
        return entry.width, entry.height
    return (1000, 1000) if fmt != "pixel" else (10**6, 10**6)


def _inside(box: Box, size: tuple[int, int]) -> bool:
    x1, y1, x2, y2 = box
    return min(x1, y1) >= 0 and x2 <= size[0] * (1 + 1e-9) and y2 <= size[1] * (1 + 1e-9)


def _close(written: Box, stored: Sequence[float], step: tuple[float, float], exact: bool) -> bool:
    """Whether a box as written is this box: half a step off, one and a half where it was widened."""
    if exact:
        return all(a == b for a, b in zip(written, stored, strict=True))
    for axis in (0, 1):
        thin = stored[axis + 2] - stored[axis] <= step[axis]
        most = (1.5 if thin else 0.5) * step[axis] + _SLACK
        if abs(written[axis] - stored[axis]) > most or abs(written[axis + 2] - stored[axis + 2]) > most:
            return False
    return True


def _wrong_boxes(option: str, boxes: Sequence[Box], right: Sequence[Box], truths: Sequence[Box]) -> Iterator[Told]:
    areas = [area(box) for box in right]
    for box in boxes:
        size = area(box)
        if size <= 0:
            continue
        if not any(0.5 - _SLACK <= size / other <= 2 + _SLACK for other in areas if other > 0):
            yield "box_size", f"{option!r} has {size / max(areas):.2f} times the area of the largest right box"
            break
        hit = next((truth for truth in truths if _too_much(box, truth)), None)
        if hit is not None:
            told = [round(number, 1) for number in hit]
            yield "box_overlap", f"{option!r} overlaps the right box {told} by a quarter of either"
            break


def _too_much(box: Box, truth: Box) -> bool:
    common = shared(box, truth)
    return common > 0 and common >= (_QUARTER + _SLACK) * min(area(box), area(truth))


def _cells(box: Sequence[int], size: tuple[int, int]) -> list[float]:
    """The share of a box in each cell of the 3 x 3 grid, row by row."""
    width, height = size
    cells = [
        (width * column / 3, height * row / 3, width * (column + 1) / 3, height * (row + 1) / 3)
        for row in range(3)
        for column in range(3)
    ]
    return [shared(box, cell) / area(box) for cell in cells]
