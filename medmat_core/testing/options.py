"""What the options of one question must hold, read from the record alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from medmat_core.card import Card

_CELLS: Final = frozenset(
    ("center", *(f"{row} {column}" for row in ("upper", "lower") for column in ("left", "center", "right")))
) | {"center left", "center right"}
_BOX: Final = re.compile(r"\[(-?[\d.]+), (-?[\d.]+), (-?[\d.]+), (-?[\d.]+)\]")


def fold_option(text: str) -> str:
    """An option for comparison: case, blanks and punctuation folded; numbers keep theirs."""
    return re.sub(r"(?<!\d)[\W_]+|[\W_]+(?!\d)", "", text.casefold())


def option_faults(record: Mapping[str, Any], card: Card) -> Iterator[str]:
    """Everything that is wrong with the options of a record of the data set of ``card``."""
    options, answer = record["options"], record["answer"]
    if not 2 <= len(options) <= 4:
        yield f"it has {len(options)} options"
    if options.count(answer) != 1 or not 0 <= record["answer_index"] < len(options):
        yield f"the answer {answer!r} is not exactly one of the options"
    elif options[record["answer_index"]] != answer:
        yield f"answer_index names {options[record['answer_index']]!r}, the answer is {answer!r}"
    for option in options:
        if not option.strip() or "\n" in option or "\r" in option:
            yield f"option {option!r} is empty or holds a line break"
    if len({fold_option(option) for option in options}) != len(options):
        yield f"two options are alike: {', '.join(map(repr, options))}"
    if not record["question"].strip() or re.search(r"[{}\n]|  ", record["question"]):
        yield f"the question is empty or not filled in: {record['question']!r}"
    wrong = [option for option in options if option != answer]
    check = {"label": _label, "presence": _presence, "location": _location, "box": _box}.get(record["ask"])
    if check is not None:
        yield from check(record, card, wrong)


def _label(record: Mapping[str, Any], card: Card, wrong: list[str]) -> Iterator[str]:
    stated = set(record["captions"])
    if record["answer"] != "; ".join(record["captions"]):
        yield f"the answer {record['answer']!r} does not name {record['captions']}"
    if list(record["captions"]) != sorted(record["captions"], key=lambda name: card.order.get(name, -1)):
        yield "the captions are not in card order"
    barred = {*card.classes.catch_all, *card.classes.anatomy}
    nested = {frozenset(pair) for pair in (*card.classes.nested, *card.classes.overlapping)}
    for option in wrong:
        for part in option.split("; "):
            if part in stated:
                yield f"distractor {option!r} is true of the picture"
            if part in barred:
                yield f"distractor {option!r} is a catch-all or a mere place"
            if any(frozenset((part, caption)) in nested for caption in stated):
                yield f"distractor {option!r} may be true beside {', '.join(sorted(stated))}"


def _presence(record: Mapping[str, Any], card: Card, wrong: list[str]) -> Iterator[str]:
    there = [caption for caption in record["captions"] if caption in record["boxes"]]
    negative = record["answer"].casefold().startswith("no ")
    if len(wrong) != 1 or sum(option.casefold().startswith("no ") for option in record["options"]) != 1:
        yield f"presence is asked with {', '.join(map(repr, record['options']))}"
    elif negative == bool(there):
        yield f"the answer {record['answer']!r} does not fit boxes of {', '.join(record['boxes']) or 'nothing'}"


def _location(record: Mapping[str, Any], card: Card, wrong: list[str]) -> Iterator[str]:
    if not set(record["options"]) <= _CELLS:
        yield f"{', '.join(sorted(set(record['options']) - _CELLS))!r} is no cell of the grid"


def _box(record: Mapping[str, Any], card: Card, wrong: list[str]) -> Iterator[str]:
    counts = set()
    for option in record["options"]:
        found = [_BOX.fullmatch(part) for part in option.split("; ")]
        counts.add(len(found))
        for match in found:
            if match is None:
                yield f"option {option!r} is no list of boxes"
                continue
            x1, y1, x2, y2 = map(float, match.groups())
            if not (0 <= x1 < x2 and 0 <= y1 < y2):
                yield f"option {option!r} holds a box without area"
    if len(counts) != 1:
        yield f"options list different numbers of boxes: {', '.join(map(repr, record['options']))}"
