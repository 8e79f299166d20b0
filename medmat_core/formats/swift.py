"""ms-swift's messages, with boxes in its own fields: it writes them as each model was trained to read them."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from medmat_core.formats.lines import LineFormat, dumped, marks
from medmat_core.formats.protocol import ByOptions, Picture, Told
from medmat_core.formats.talk import turns
from medmat_core.model import PixelBox, Record
from medmat_core.regions.box_words import BoxFormat, box_text, find_box_texts, parse_boxes
from medmat_core.regions.words import enclosing
from medmat_core.subsets.wording import convention_clause, in_sentence

BOX = "<bbox>"
REF = "<ref-object>"

NEUTRAL = "in the usual notation"
"""What stands in a question instead of the build's convention: the trainer has its own for each model."""


class SwiftFormat(LineFormat):
    """``swift/train.jsonl``: ``messages``, ``images``, ``objects`` (``ref`` and ``bbox``), ``channel``; then ``key``
    and ``round``.

    Boxes are pixels of the picture that ``images`` names. Of the texts, the ``n``-th ``<bbox>`` stands for the
    ``n``-th box and the ``n``-th ``<ref-object>`` for the ``n``-th name.
    """

    name = "swift"
    about = "ms-swift: messages with objects in real pixels, the one form that suits every family of models"
    options = ByOptions
    open_records = "always"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        marked = _Marked(record, (picture.width, picture.height), told.boxes)
        found = []
        for turn in turns(marked.record, told):
            user, refs, boxes = marked.filled(turn.user)
            assistant, more_refs, more_boxes = marked.filled(turn.assistant)
            body: dict[str, Any] = {
                "messages": [
                    {"role": "user", "content": f"<image>{user}"},
                    {"role": "assistant", "content": assistant},
                ],
                "images": [record.image],
                "objects": {"ref": refs + more_refs, "bbox": boxes + more_boxes},
                "channel": record.slug,
                **marks(record),
            }
            found.append(dumped(body))
        return found


class _Marked:
    """A record whose boxes and names are marks that no text holds otherwise, until the turns are made."""

    def __init__(self, record: Record, size: tuple[int, int], fmt: BoxFormat) -> None:
        record = _without_marks(record)
        self._boxes: list[list[PixelBox]] = []
        self._size, self._fmt = size, fmt
        self._ref = ""
        known = [box for found in record.boxes if found.boxes for box in (*found.boxes, enclosing(found.boxes))]
        self._known = {box_text([box], size, fmt): box for box in known}
        question = record.question.replace(convention_clause(fmt), NEUTRAL)
        if record.ask == "box":
            self._ref = in_sentence(record.captions[0]) if record.captions else ""
            if self._ref:
                question = question.replace(self._ref, "\1", 1)
            options = tuple(map(self._mark, record.options))
            answer = options[record.answer_index] if options else self._mark(record.answer)
            record = evolve(record, question=question, options=options, answer=answer)
        elif record.ask == "structure":
            record = evolve(record, question=self._mark(question))
        self.record = record

    def _mark(self, text: str) -> str:
        """Every list of boxes in a text as a mark: which one it is, between two bytes that no text holds."""
        parts, end = [], 0
        for first, last in find_box_texts(text, self._fmt):
            self._boxes.append(self._pixels(text[first:last]))
            parts.append(f"{text[end:first]}\2{len(self._boxes) - 1}\3")
            end = last
        return "".join(parts) + text[end:]

    def _pixels(self, text: str) -> list[PixelBox]:
        """The boxes of a text in whole pixels: exactly those of the picture where the text was made of them."""
        found = []
        for box in parse_boxes(text, self._size, self._fmt):
            near = (int(box[0] + 0.5), int(box[1] + 0.5), int(box[2] + 0.5), int(box[3] + 0.5))
            wide = (near[0], near[1], max(near[2], near[0] + 1), max(near[3], near[1] + 1))
            found.append(self._known.get(box_text([wide], self._size, self._fmt), wide))
        return found

    def filled(self, text: str) -> tuple[str, list[str], list[list[int]]]:
        """A text of a turn with placeholders in the place of marks, and what they stand for."""
        refs = [self._ref] * text.count("\1")
        boxes: list[list[int]] = []
        parts = []
        for part in text.replace("\1", REF).split("\2"):
            number, mark, rest = part.partition("\3")
            if mark:
                own = self._boxes[int(number)]
                boxes += map(list, own)
                parts.append("; ".join([BOX] * len(own)) + rest)
            else:
                parts.append(part)
        return "".join(parts), refs, boxes


_MARKS = dict.fromkeys((1, 2, 3))


def _without_marks(record: Record) -> Record:
    texts = (record.question, record.answer, *record.options, *record.captions)
    if not any(mark in text for text in texts for mark in "\1\2\3"):
        return record
    question, answer, *rest = (text.translate(_MARKS) for text in texts)
    count = len(record.options)
    return evolve(record, question=question, answer=answer, options=tuple(rest[:count]), captions=tuple(rest[count:]))
