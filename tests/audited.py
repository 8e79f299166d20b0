"""Hand-made sound records for the tests of the audit: a question generator of its own, small and slow."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medmat_core.card import Card
from medmat_core.subsets import PoolLabel, Subset
from tests.toy import INSTRUCTIONS, toy_card

OTHERS = ("Fox", "Gnu", "Hen", "Ibis")
CLOSING = "Answer with the option's letter from the given choices directly."

_SIX = ("Tell", "State", "Give", "Name", "Write", "Say")
SPATIAL = {
    "box": tuple(
        f"{verb} {{count}} of the {{caption}} in this {{area}} {{modality}}, {{convention}}." for verb in _SIX
    ),
    "location": tuple(f"{verb} where in this {{area}} {{modality}} the {{caption}} is." for verb in _SIX),
    "coverage": tuple(f"{verb} how much of this {{area}} {{modality}} is {{caption}}." for verb in _SIX),
    "presence": tuple(f"{verb} whether this {{area}} {{modality}} shows a {{caption}}." for verb in _SIX),
    "structure": tuple(f"{verb} what this {{area}} {{modality}} has in {{box}}, {{convention}}." for verb in _SIX),
}
FRACTIONS = "as [x1, y1, x2, y2] in fractions of the picture's width and height"


def subset(no: int = 1000) -> Subset:
    """A subset with every kind of question, and labels of other data sets in its pool."""
    pool = (*(PoolLabel(name, (7,)) for name in OTHERS), PoolLabel("Other animal", (7,), "catch_all"))
    return Subset(no, "Toy", "Toy", "Toy", {"label": INSTRUCTIONS, **SPATIAL}, pool)


def animals(where: Path, **changes: Any) -> Card:
    """A card of four animals and a catch-all, with a wider and a narrower label."""
    labels = {"cat": "Cat", "dog": "Dog", "cow": "Cow", "eel": "Eel", "pet": "Pet", "any": "Other things"}
    tables = '[classes]\ncatch_all = ["Other things"]\nnested = [["Pet", "Cat"], ["Pet", "Dog"]]\n'
    return toy_card(where, **{"labels": labels, "tables": tables} | changes)


def record(number: int, **values: Any) -> dict[str, Any]:
    """A full record with its keys in order."""
    base: dict[str, Any] = {
        "id": number,
        "key": hashlib.sha256(repr((number, values.get("image"), values.get("ask"))).encode()).hexdigest()[:16],
        "dataset": {"no": None, "slug": "toy"},
        "subset": 1000,
        "split": "train",
        "group": None,
        "image": f"med-mat/toy/pics/{number:06d}.png",
        "width": 100,
        "height": 100,
        "kind": "label",
        "ask": "label",
        "captions": ["Cat"],
        "question": "",
        "answer": "Cat",
        "options": [],
        "answer_index": 0,
        "boxes": {},
        "template": 0,
    }
    made = base | values
    assert list(made) == list(base), "a test names a key that records do not have"
    return made


def label_records(count: int, seed: int = 0, split: str = "train", start: int = 1) -> list[dict[str, Any]]:
    """Sound label questions of :func:`animals`: one own label and two of any other that fits."""
    chance = random.Random(seed)
    own = ("Cat", "Dog", "Cow", "Eel")
    made = []
    for number in range(1, count + 1):
        answer = chance.choice(own)
        fits = [name for name in (*own, "Pet") if name != answer and not (name == "Pet" and answer in ("Cat", "Dog"))]
        first = chance.choice(fits)
        options = [answer, first]
        while len(options) < 4:
            name = chance.choice([*fits, *OTHERS])
            if name in options or ({name, *options} >= {"Pet", "Cat"}) or ({name, *options} >= {"Pet", "Dog"}):
                continue
            options.append(name)
        chance.shuffle(options)
        template = chance.randrange(6)
        question = INSTRUCTIONS[template].format(area="animal", modality="drawing")
        image = f"med-mat/toy/pics/{start + number:06d}.png"
        made.append(
            record(number, split=split, image=image, captions=[answer], question=question, answer=answer,
                   options=options, answer_index=options.index(answer), template=template)
        )  # fmt: skip
    return made


def medmat(full: dict[str, Any]) -> dict[str, Any]:
    """Med-MAT's record of a full one."""
    lines = [f"{letter}: {option}" for letter, option in zip("ABCDEFGH", full["options"], strict=False)]
    return {
        "id": full["id"],
        "caption": "; ".join(full["captions"]),
        "image": full["image"],
        "Question": full["question"],
        "Answer": full["answer"],
        "Question-choice": "\n".join([full["question"], *lines, CLOSING]),
        "Answer-choice": "ABCDEFGH"[full["answer_index"]],
        "data-no": full["dataset"]["slug"] if full["dataset"]["no"] is None else str(full["dataset"]["no"]),
    }


def spatial(ask: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    """A sound question about a cat at [10, 10, 30, 30] of a picture of 100 x 100; a cow lies far off."""
    options: dict[str, Sequence[str]] = {
        "box": (
            "[0.100, 0.100, 0.300, 0.300]", "[0.600, 0.600, 0.800, 0.800]", "[0.100, 0.600, 0.300, 0.800]",
            "[0.700, 0.100, 0.900, 0.300]",
        ),
        "location": ("upper left", "center", "lower right", "lower left"),
        "coverage": ("4%", "8%", "16%", "32%"),
        "presence": ("Cat", "No cat"),
        "structure": ("Cat", "Dog", "Eel", "Fox"),
    }  # fmt: skip
    words = {"area": "animal", "modality": "drawing", "caption": "cat", "count": "the bounding box"}
    words |= {"convention": FRACTIONS, "box": "[0.100, 0.100, 0.300, 0.300]"}
    chosen = list(options[ask])
    values = {
        "kind": "mask",
        "ask": ask,
        "captions": ["Cat"],
        "question": SPATIAL[ask][0].format(**words),
        "answer": chosen[0],
        "options": chosen,
        "answer_index": 0,
        "boxes": {"Cat": [[10, 10, 30, 30]], "Cow": [[50, 80, 70, 95]]},
    } | changes
    return record(number, **values)
