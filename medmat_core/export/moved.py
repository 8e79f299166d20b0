"""A record as it reads over the export's picture: its path, and where the picture was resized its boxes."""

from __future__ import annotations

from attrs import evolve

from medmat_core.concepts import fold
from medmat_core.export.pictures import Made, UnusableError
from medmat_core.model import ClassBoxes, Record
from medmat_core.regions.box_words import RELATIVE, BoxFormat, box_text, find_box_texts, parse_boxes, scaled


def moved(record: Record, made: Made, fmt: BoxFormat) -> Record:
    """The record over the picture that was made of its own.

    Boxes are those of the resized picture, rounded to nearest. Texts in pixels are written anew; all others are
    fractions of the picture, which resizing leaves as they are. Raises :class:`UnusableError` where two
    options read alike afterwards.
    """
    picture = made.picture
    size = (picture.width, picture.height)
    record = evolve(record, image=picture.image, width=picture.width, height=picture.height)
    if made.before == size:
        return record
    boxes = tuple(
        ClassBoxes(found.caption, tuple(scaled(box, made.before, size) for box in found.boxes))
        for found in record.boxes
    )
    record = evolve(record, boxes=boxes)
    if fmt in RELATIVE or record.ask not in ("box", "structure"):
        return record
    if record.ask == "structure":
        return evolve(record, question=_rewritten(record.question, made.before, size, fmt))
    options = tuple(_rewritten(option, made.before, size, fmt) for option in record.options)
    if len(set(map(fold, options))) < len(options):
        raise UnusableError("two of its options read alike at --max-side")
    answer = options[record.answer_index] if options else _rewritten(record.answer, made.before, size, fmt)
    return evolve(record, options=options, answer=answer)


def _rewritten(text: str, before: tuple[int, int], size: tuple[int, int], fmt: BoxFormat) -> str:
    """A text with every list of boxes in it as it reads in the resized picture."""
    parts, end = [], 0
    for first, last in find_box_texts(text, fmt):
        try:
            boxes = parse_boxes(text[first:last], before, fmt)
        except ValueError as error:
            raise UnusableError(str(error)) from None
        across, down = size[0] / before[0], size[1] / before[1]
        # rounded once, in the convention's own pixels
        own = [(x1 * across, y1 * down, x2 * across, y2 * down) for x1, y1, x2, y2 in boxes]
        if fmt == "pixel":
            new = box_text([scaled(box, size, size) for box in own], size, fmt)
        else:
            new = box_text(own, size, fmt)
        parts.append(text[end:first] + new)
        end = last
    return "".join(parts) + text[end:]
