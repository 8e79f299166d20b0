"""One record as an audit sees it, whichever format it was read from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

MEDMAT_KEYS: Final = (
    "id", "caption", "image", "Question", "Answer", "Question-choice", "Answer-choice", "data-no",
)  # fmt: skip
FULL_KEYS: Final = (
    "id", "key", "dataset", "subset", "split", "group", "image", "width", "height", "kind", "ask", "captions",
    "question", "answer", "options", "answer_index", "boxes", "template",
)  # fmt: skip

LETTERS: Final = "ABCDEFGHIJ"
CLOSING: Final = "Answer with the option's letter from the given choices directly."

CELLS: Final = tuple(
    "center" if row == column == "center" else f"{row} {column}"
    for row in ("upper", "center", "lower")
    for column in ("left", "center", "right")
)
"""The cells of the 3 x 3 grid, row by row."""

_OPTION: Final = re.compile(r"\s*\(?([A-J])\)?\s*[:.)]\s*(.*?)\s*")
_PERCENT: Final = re.compile(r"\d{1,3}(\.\d+)?\s*%")

Told = tuple[str, str]
"""(name of the fault, sentence)."""

Boxes = Mapping[str, tuple[tuple[int, int, int, int], ...]]


@frozen
class Entry:
    """A record. What its format does not say is None or empty: ``full`` tells which one it was.

    ``answer_index`` is what the record itself names (letter or index), right or wrong. ``boxes`` are half-open
    pixel boxes (x1, y1, x2, y2) by caption.
    """

    id: int | None
    data_no: str
    image: str
    captions: tuple[str, ...]
    question: str
    answer: str
    options: tuple[str, ...]
    answer_index: int | None
    ask: str
    full: bool = False
    key: str = ""
    slug: str = ""
    subset: int | None = None
    split: str = ""
    group: str | None = None
    width: int | None = None
    height: int | None = None
    kind: str = ""
    boxes: Boxes = MappingProxyType({})
    template: int | None = None

    @property
    def wrong(self) -> list[str]:
        """The options that are not the answer."""
        return [option for option in self.options if option != self.answer]

    @property
    def said(self) -> tuple[Any, ...]:
        """What both formats say of one question."""
        return self.id, self.data_no, self.image, self.captions, self.question, self.answer, self.options


def is_full(raw: Any) -> bool:
    """Whether a raw record is a full one (jsonl) rather than Med-MAT's."""
    return isinstance(raw, Mapping) and "answer_index" in raw


def data_no(raw: Mapping[str, Any]) -> str:
    """Which data set a raw record names: number or slug, '' where it names none."""
    dataset = raw.get("dataset")
    if isinstance(dataset, Mapping):
        no = dataset.get("no")
        return str(dataset.get("slug", "") if no is None else no)
    return str(raw.get("data-no", ""))


# -- the full record ------------------------------------------------------------------------------------


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _box(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(map(_number, value))


def _boxes(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(several, list) and several and all(map(_box, several)) for several in value.values()
    )


def _dataset(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and list(value) == ["no", "slug"]
        and isinstance(value["slug"], str)
        and (value["no"] is None or _number(value["no"]))
    )


def _one_of(*allowed: str) -> Callable[[Any], bool]:
    return lambda value: value in allowed


def _text(value: Any) -> bool:
    return isinstance(value, str)


_FULL: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "id": (_number, "a number"),
    "key": (lambda v: _text(v) and re.fullmatch("[0-9a-f]{16}", v) is not None, "16 hex digits"),
    "dataset": (_dataset, "{no, slug}"),
    "subset": (_number, "a number"),
    "split": (_one_of("train", "test"), "train or test"),
    "group": (lambda v: v is None or _text(v), "text or null"),
    "image": (lambda v: _text(v) and v != "", "text"),
    "width": (lambda v: v is None or (_number(v) and v > 0), "a number of pixels or null"),
    "height": (lambda v: v is None or (_number(v) and v > 0), "a number of pixels or null"),
    "kind": (_one_of("label", "mask", "box"), "label, mask or box"),
    "ask": (_one_of("label", "box", "location", "coverage", "presence", "structure"), "a kind of question"),
    "captions": (lambda v: _texts(v) and len(v) > 0, "a list of texts"),
    "question": (_text, "text"),
    "answer": (_text, "text"),
    "options": (_texts, "a list of texts"),
    "answer_index": (_number, "a number"),
    "boxes": (_boxes, "caption -> list of [x1, y1, x2, y2]"),
    "template": (lambda v: _number(v) and 0 <= v <= 5, "0 to 5"),
}


def full_entry(raw: Any) -> tuple[Entry | None, list[Told]]:
    """A full record as an entry (None where it is unusable), and what is wrong with its form."""
    if not isinstance(raw, Mapping):
        return None, [("keys", "it is no JSON object")]
    found: list[Told] = []
    for key, (fits, kind) in _FULL.items():
        if key not in raw:
            found.append(("keys", f"{key!r} is missing"))
        elif not fits(raw[key]):
            found.append(("keys", f"{key!r} is {raw[key]!r:.60}, expected {kind}"))
    if found:
        return None, found
    if tuple(raw) != FULL_KEYS:
        found.append(("key_order", f"its keys are {', '.join(raw)}"))
    boxes = {caption: tuple(map(tuple, several)) for caption, several in raw["boxes"].items()}
    entry = Entry(
        raw["id"], data_no(raw), raw["image"], tuple(raw["captions"]), raw["question"], raw["answer"],
        tuple(raw["options"]), raw["answer_index"], raw["ask"], True, raw["key"], raw["dataset"]["slug"],
        raw["subset"], raw["split"], raw["group"], raw["width"], raw["height"], raw["kind"],
        boxes, raw["template"],
    )  # fmt: skip
    return entry, found


# -- Med-MAT's record -----------------------------------------------------------------------------------


def medmat_entry(
    raw: Any, split: Callable[[str], tuple[str, ...]], regions: bool, *, strict: bool = True
) -> tuple[Entry | None, list[Told]]:
    """A Med-MAT record as an entry (None where it is unusable), and what is wrong with its form.

    ``split`` cuts a caption into findings; ``regions``: the data set has masks or boxes, so the kind of question
    is told by the answer. ``strict`` asks for the types of a build; published files may number data sets by int.
    """
    if not isinstance(raw, Mapping):
        return None, [("keys", "it is no JSON object")]
    found = list(_medmat_form(raw, strict))
    if any(name == "keys" for name, _ in found) and not all(
        _text(raw.get(key)) for key in ("image", "caption", "Question", "Answer", "Question-choice")
    ):
        return None, found
    options, faults = read_choice(raw["Question"], raw["Question-choice"])
    found.extend(faults)
    letter = str(raw.get("Answer-choice", "")).strip()
    # a letter may stand with what follows it: "A:" or "A: Cyst"
    stated = LETTERS.find(letter[0]) if letter and (len(letter) == 1 or letter[1] in ":.) ") else -1
    raw_id = raw.get("id")
    captions = split(raw["caption"])
    answer = raw["Answer"]
    ask = asked(captions, answer, options) if regions else "label"
    entry = Entry(
        int(raw_id) if raw_id is not None and str(raw_id).isdecimal() else None,
        data_no(raw), raw["image"], captions, raw["Question"], answer, options, stated if stated >= 0 else None, ask,
    )  # fmt: skip
    return entry, found


def _medmat_form(raw: Mapping[str, Any], strict: bool) -> Iterator[Told]:
    missing = [key for key in MEDMAT_KEYS if key not in raw]
    if missing:
        yield "keys", f"{', '.join(map(repr, missing))} missing"
    elif tuple(raw) != MEDMAT_KEYS:
        yield "key_order", f"its keys are {', '.join(map(str, raw))}"
    for key in MEDMAT_KEYS:
        if key not in raw:
            continue
        value = raw[key]
        fits = _number(value) if key == "id" else _text(value)
        if not strict and key in ("id", "data-no"):
            fits = fits or _number(value) or _text(value)
        if not fits:
            yield "keys", f"{key!r} is {value!r:.60}, expected {'a number' if key == 'id' else 'text'}"


def choice_text(question: str, options: tuple[str, ...]) -> str:
    """What Question-choice has to be."""
    lines = [f"{letter}: {option}" for letter, option in zip(LETTERS, options, strict=False)]
    return "\n".join([question, *lines, CLOSING])


def read_choice(question: str, text: str) -> tuple[tuple[str, ...], list[Told]]:
    """The options of a Question-choice, read strictly, else as far as lettered lines can be told."""
    head, tail = question + "\n", "\n" + CLOSING
    if text.startswith(head) and text.endswith(tail) and len(text) > len(head) + len(tail):
        lines = text[len(head) : -len(tail)].split("\n")
        if len(lines) <= len(LETTERS) and all(
            line.startswith(f"{letter}: ") for letter, line in zip(LETTERS, lines, strict=False)
        ):
            return tuple(line[3:] for line in lines), []
    found = [match for line in text.splitlines() if (match := _OPTION.fullmatch(line)) is not None]
    options = tuple(match[2] for match in found)
    if not text.startswith(question):
        what = "it does not open with the question"
    elif not text.endswith(CLOSING):
        what = "it does not end with the closing line"
    elif [match[1] for match in found] != list(LETTERS[: len(found)]):
        what = f"its options are lettered {', '.join(match[1] for match in found) or 'not at all'}"
    else:
        what = "it holds more than question, options and closing line"
    return options, [("choice_text", what)]


def asked(captions: tuple[str, ...], answer: str, options: tuple[str, ...]) -> str:
    """The kind of question about regions, told by answer and options."""
    if answer.startswith("["):
        return "box"
    if answer in CELLS:
        return "location"
    if _PERCENT.fullmatch(answer):
        return "coverage"
    folded = {option.casefold() for option in options}
    if len(options) == 2 and any(f"no {caption.casefold()}" in folded for caption in captions):
        return "presence"
    return "structure"
