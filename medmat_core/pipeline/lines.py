"""Second pass: a shard's names and its questions become lines of text.

A line lacks only its file's running number, which stands in front of all else and is known when the file is written.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Sequence
from itertools import islice
from json.encoder import encode_basestring as quoted
from operator import le

import numpy as np
from attrs import define, field, frozen

from medmat_core.choice_text import around_question
from medmat_core.model import ASKS
from medmat_core.model import PARTS as PARTS
from medmat_core.pipeline.context import Context
from medmat_core.pipeline.facts import Facts
from medmat_core.questions.asked import OPEN, Sheet, Table
from medmat_core.questions.draws import key_of
from medmat_core.questions.labels import answer_of
from medmat_core.splits import Labels

LABEL = ASKS.index("label")


@define
class PartLines:
    """The lines of one part, in the order of their pictures: the full record, and Med-MAT's ("" of an open one)."""

    images: list[str] = field(factory=list)
    records: list[str] = field(factory=list)
    choices: list[str] = field(factory=list)

    def __len__(self) -> int:
        return len(self.records)

    def ordered(self, shuffled: bool) -> PartLines:
        """The lines by picture, a picture's in the order in which they came; ``shuffled``: by record key."""
        order = [record[:16] for record in self.records] if shuffled else self.images
        if all(map(le, order, islice(order, 1, None))):
            return self
        places = sorted(range(len(order)), key=order.__getitem__)
        columns = (self.images, self.records, self.choices)
        return PartLines(*([column[place] for place in places] for column in columns))


@frozen
class Around:
    """A question's text around what hangs on the picture alone."""

    record: str
    record_tail: str
    choice: str
    choice_tail: str


class LineMaker:
    """Makes the lines of one data set. ``sheet`` holds the texts, ``label_sets`` the captions of label questions.
    ``shuffled``: not by picture but by record key, which is as good as at random."""

    def __init__(self, context: Context, sheet: Sheet, label_sets: Sequence[Labels], *, shuffled: bool = False) -> None:
        self.context = context
        self.shuffled = shuffled
        self.sheet = sheet
        self._around: dict[int, Around] = {}
        head = context.card.head
        no = context.no or 0
        self._owner = (
            f'", "dataset": {json.dumps({"no": no, "slug": context.slug})}, "subset": {head.subset}, "split": "'
        )
        self._kind = head.kind if head.kind in ("mask", "box") else "label"
        self._number = context.slug if context.no is None else str(context.no)
        self._groups: dict[str, str] = {"": '""'}
        self._said = {answer_of(labels): labels[0] for labels in label_sets}

    def lines(self, facts: Facts, decisions: Sequence[int], table: Table) -> dict[str, PartLines]:
        """The lines of a shard by part, sorted by picture; ``table`` counts places from the shard's first picture."""
        found = {part: PartLines() for part in PARTS}
        self._fill(facts, decisions, table, [found[part] for part in PARTS])
        return {part: lines.ordered(self.shuffled) for part, lines in found.items() if lines.records}

    def _fill(self, facts: Facts, decisions: Sequence[int], table: Table, parts: Sequence[PartLines]) -> None:
        """A line of each question to its part: this loop is the build's hot path."""
        images, groups, widths, heights = facts.images, facts.groups, facts.widths, facts.heights
        keys, group_of, known = facts.ledger.keys, self._group, self._around
        boxes = _BoxTexts(facts, self.context.card.captions) if facts.regions is not None else None
        adders = [(lines.images.append, lines.records.append, lines.choices.append) for lines in parts]
        columns = (table.places, table.asks, table.classes, table.rounds)
        seen = -1
        image = picture = shown = head = middle = ""
        add_image, add_record, add_choice = adders[0]
        for row, (code, place, ask, name, number) in enumerate(
            zip(self._codes(table), *(column.tolist() for column in columns), strict=True)
        ):
            if place != seen:
                seen = place
                image, part = images[place], decisions[place]
                add_image, add_record, add_choice = adders[part]
                picture = quoted(image)
                shown = boxes.text(place) if boxes is not None else "[]"
                head = f"{keys[place]:016x}"
                middle = (
                    f'{self._owner}{PARTS[part]}", "group": {group_of(groups[place])}, "image": {picture}, '
                    f'"width": {widths[place]}, "height": {heights[place]}, '
                )
            if ask != LABEL:
                head = f"{self._key(facts, place, ask, name):016x}"
            text = known.get(code) or self._make(code, table, row)
            add_image(image)
            add_record(
                f'{head}{middle}{text.record}{f"{number:016x}" if number else ""}", "boxes": {shown}{text.record_tail}'
            )
            add_choice(f"{text.choice}{picture}{text.choice_tail}" if text.choice else "")

    def _codes(self, table: Table) -> list[int]:
        """A number for what a question says besides its picture; equal where all of it is equal."""
        sheet = self.sheet
        texts = max(len(sheet.options.items), len(sheet.answers.items), 1)
        # an instruction is in the question's text, and the answer in its options where there are any
        said = np.where(table.slots == OPEN, table.answers, table.options)
        sizes = (len(ASKS), len(self.context.card.captions), max(len(sheet.questions.items), 1), texts, OPEN + 1)
        exact = np.int64 if math.prod(sizes) < 1 << 62 else object
        codes = np.zeros(len(table), exact)
        for size, column in zip(sizes, (table.asks, table.classes, table.questions, said, table.slots), strict=True):
            codes = codes * size + column.astype(exact)
        found: list[int] = codes.tolist()
        return found

    def _key(self, facts: Facts, place: int, ask: int, name: int) -> int:
        context = self.context
        path = facts.sources.get(place) or facts.images[place].removeprefix(context.image_prefix)
        return key_of(context.slug, unicodedata.normalize("NFC", path), ASKS[ask], context.card.captions[name])

    def _group(self, group: str) -> str:
        found = self._groups.get(group)
        if found is None:
            if len(self._groups) > 10_000:
                self._groups = {"": '""'}
            found = self._groups[group] = quoted(f"{self.context.card.head.namespace}:{group}")
        return found

    def _make(self, code: int, table: Table, row: int) -> Around:
        """The text of a question, kept, since label questions recur by the thousand."""
        if len(self._around) > 20_000:
            self._around.clear()
        ask, name, number, listed, slot, said, template = (
            int(column[row])
            for column in (
                table.asks, table.classes, table.questions, table.options, table.slots, table.answers, table.templates
            )
        )  # fmt: skip
        question: str = self.sheet.questions.items[number]
        options: tuple[str, ...] = self.sheet.options.items[listed]
        answer: str = self.sheet.answers.items[said]
        captions = self._captions(ask, name, answer)
        record = (
            f'"kind": "{self._kind}", "ask": "{ASKS[ask]}", "captions": {_list(captions)}, '
            f'"question": {quoted(question)}, "answer": {quoted(answer)}, "options": {_list(options)}, '
            f'"answer_index": {-1 if slot == OPEN else slot}, "round": "'
        )
        choice = choice_tail = ""
        if options:
            choice, choice_tail = around_question("; ".join(captions), question, answer, options, slot, self._number)
        around = Around(record, f', "template": {template}}}', choice, choice_tail)
        self._around[code] = around
        return around

    def _captions(self, ask: int, name: int, answer: str) -> tuple[str, ...]:
        return self._said.get(answer, (answer,)) if ask == LABEL else (self.context.card.captions[name],)


class _BoxTexts:
    """The boxes of pictures as records list them: all classes, in card order."""

    def __init__(self, facts: Facts, captions: Sequence[str]) -> None:
        regions = facts.regions
        assert regions is not None
        self._starts = regions.starts().tolist()
        self._classes, self._boxes = regions.classes, regions.boxes
        self._captions = [quoted(caption) for caption in captions]

    def text(self, place: int) -> str:
        """The boxes of one picture."""
        start, end = self._starts[place], self._starts[place + 1]
        found: dict[int, list[str]] = {}
        for region in range(start, end):
            x1, y1, x2, y2 = self._boxes[4 * region : 4 * region + 4]
            found.setdefault(self._classes[region], []).append(f"[{x1}, {y1}, {x2}, {y2}]")
        listed = (
            f'{{"caption": {self._captions[name]}, "boxes": [{", ".join(boxes)}]}}'
            for name, boxes in sorted(found.items())
        )
        return f"[{', '.join(listed)}]"


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, texts))}]"
