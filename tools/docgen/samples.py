"""One sample question for each data set's page: built from its card's example tree, drawn phantoms with their boxes.

Pictures and questions lie under ``docs/assets/samples/``, the questions in ``samples.json`` with a hash of what they
were made from. Whether one is current is told by that hash alone, since encoders write other bytes on other machines;
:func:`differs` compares pixels.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from attrs import asdict, evolve, frozen
from PIL import Image, ImageDraw

import medmat_core
from medmat_core.card import Card
from medmat_core.loaded import Example
from medmat_core.samples import write_example
from medmat_core.subsets import load_subset

from .markdown import text

FOLDER: Final = Path("assets") / "samples"
"""Below docs/."""

_DRAWING: Final = 4
"""Counted up when pictures or questions are made in another way."""

_HEIGHT, _GAP, _NARROW, _WIDE = 168, 8, 96, 248
_SMALL: Final = 6144
_RIGHT: Final = (38, 222, 96)
_LOOKS: Final = (
    "slug no folder kind modality area task subset modality_shown area_shown outer normal asks validation groups "
    "blank_is_absent labels classes mask example"
).split()
"""The fields of a card that a sample question hangs on."""


@frozen
class SampleQuestion:
    """A question of a data set's example: ``answers`` has the right letter of each of its pictures, in their order;
    none for an open one, whose answer is the one ``option``. ``inputs`` is the hash of what it was made from."""

    inputs: str
    ask: str
    question: str
    options: tuple[str, ...]
    answers: tuple[str, ...]
    size: tuple[int, int]

    @classmethod
    def of(cls, raw: Mapping[str, object]) -> SampleQuestion:
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()})  # type: ignore[arg-type]


def inputs(card: Card) -> str:
    """A hash of what a card's sample hangs on: facts on its citation or download leave it as it is."""
    looks = {
        name: asdict(value) if hasattr(value := getattr(card, name), "__attrs_attrs__") else value for name in _LOOKS
    }
    subset = load_subset(card.subset).instructions
    whole = json.dumps([_DRAWING, looks, subset], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def read(docs: Path) -> dict[str, SampleQuestion]:
    """Slug -> the sample that lies there."""
    try:
        raw = json.loads((docs / FOLDER / "samples.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {slug: SampleQuestion.of(one) for slug, one in raw.items()}


def stale(cards: Sequence[Card], docs: Path) -> Iterator[str]:
    """The data sets whose sample is missing, older than their card, or left over."""
    there = read(docs)
    for card in cards:
        known = there.pop(card.slug, None)
        if known is None or known.inputs != inputs(card) or not (docs / picture_of(card)).is_file():
            yield card.slug
    yield from there


def refresh(cards: Sequence[Card], docs: Path) -> list[str]:
    """Draw the samples that are not current, drop those of no card, and return the slugs of both."""
    changed = list(stale(cards, docs))
    there = read(docs)
    (docs / FOLDER).mkdir(parents=True, exist_ok=True)
    for card in cards:
        if card.slug in changed:
            there[card.slug], strip = sample_of(card)
            (docs / picture_of(card)).write_bytes(_small(strip))
    kept = {card.slug: there[card.slug] for card in cards}
    lines = (f"{json.dumps(slug)}: {json.dumps(asdict(one), ensure_ascii=False)}" for slug, one in kept.items())
    (docs / FOLDER / "samples.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    for file in set((docs / FOLDER).glob("*.webp")) - {docs / picture_of(card) for card in cards}:
        file.unlink()
    return changed


def _small(strip: Image.Image) -> bytes:
    """As WebP, in the best quality that is small; speckle takes much."""
    raw = b""
    for quality in (58, 40, 25, 12):
        file = io.BytesIO()
        strip.save(file, "webp", quality=quality, method=6, alpha_quality=60)
        raw = file.getvalue()
        if len(raw) <= _SMALL:
            break
    return raw


def picture_of(card: Card) -> Path:
    """Where a data set's sample picture lies, below docs/."""
    return FOLDER / f"{card.slug}.webp"


def sample_of(card: Card) -> tuple[SampleQuestion, Image.Image]:
    """Build the example tree and take its fullest round of what the data set is about."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        write_example(card, work / "med-mat")
        medmat_core.build(card.slug, data=work / "med-mat", out=work / "out", jobs=1)
        fellows = _fellows(list(medmat_core.load(work / "out", pictures=work)), card)
        strip = _strip(fellows)
    first = fellows[0].record
    options = first.options or (first.answer,)
    answers = tuple("ABCD"[one.record.answer_index] for one in fellows) if first.options else ()
    return SampleQuestion(inputs(card), first.ask, first.question, options, answers, strip.size), strip


def _fellows(examples: Sequence[Example], card: Card) -> list[Example]:
    """The pictures of one round, or one picture where no round is there; of several, what shows most."""
    asked = defaultdict(list)
    for example in examples:
        asked[example.record.round or example.record.key].append(example)
    wanted = ("label", *card.asks, "box")

    def rank(some: list[Example]) -> tuple[int, int, int, int]:
        one = some[0].record
        return (
            bool(one.options),
            one.split == "train",
            len(some) - 2 * wanted.index(one.ask) if one.ask in wanted else -9,
            -one.id,
        )

    return sorted(max(asked.values(), key=rank), key=lambda example: example.record.id)


def _strip(fellows: Sequence[Example]) -> Image.Image:
    """The pictures side by side on a clear ground, each with the boxes of its right answer."""
    tiles = [_tile(example) for example in fellows]
    strip = Image.new("RGBA", (sum(tile.width for tile in tiles) + _GAP * (len(tiles) - 1), _HEIGHT))
    left = 0
    for tile in tiles:
        strip.paste(tile, (left, (_HEIGHT - tile.height) // 2))
        left += tile.width + _GAP
    return strip


def _tile(example: Example) -> Image.Image:
    picture = example.picture()
    width = min(max(round(picture.width * _HEIGHT / picture.height), _NARROW), _WIDE)
    scale = min(width / picture.width, _HEIGHT / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    tile = picture.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC)
    record, pen = example.record, ImageDraw.Draw(tile)
    if record.ask in ("box", "location", "structure", "presence"):
        for found in record.boxes:
            for box in found.boxes if found.caption in record.captions else ():
                x1, y1, x2, y2 = (round(number * scale) for number in box)
                pen.rectangle((x1, y1, max(x1 + 1, x2 - 1), max(y1 + 1, y2 - 1)), outline=_RIGHT, width=2)
    return tile


def differs(card: Card, docs: Path) -> str:
    """How a sample drawn now differs from the one that lies there: "" where question and pixels are the same."""
    known = read(docs)[card.slug]
    made, strip = sample_of(card)
    if evolve(made, inputs=known.inputs) != known:
        return f"{card.slug}: another question: {made}"
    with Image.open(docs / picture_of(card)) as there:
        old, new = (np.asarray(image.convert("RGBA").convert("RGB"), float) for image in (there, strip))
    apart = float(np.abs(old - new).mean())
    return f"{card.slug}: the picture differs by {apart:.1f} levels" if apart > 8 else ""


def section(card: Card, sample: SampleQuestion) -> str:
    """The question as a page shows it: the strip, the question, its options, and the answer behind a click."""
    several = len(sample.answers) > 1
    told = f"{len(sample.answers)} drawn pictures under one question" if several else "A drawn picture and its question"
    width, height = sample.size
    picture = f"![{told}](../{picture_of(card).as_posix()}){{ width={width} height={height} .sample }}"
    if several:
        answer = "From left to right: " + ", ".join(f"<strong>{letter}</strong>" for letter in sample.answers) + "."
    elif sample.answers:
        answer = f"<strong>{sample.answers[0]}</strong>: {html.escape(sample.options['ABCD'.index(sample.answers[0])])}"
    else:
        answer = f"{html.escape(sample.options[0])} (no round: a question without options)"
    lines = [picture, f"**{text(sample.question)}**"]
    if sample.answers:
        lines.append("\n".join(f"- **{'ABCD'[place]}** {text(one)}" for place, one in enumerate(sample.options)))
    boxed = " Boxes are those of the right answers." if sample.ask in ("box", "structure") else ""
    lines += [
        f"<details><summary>Answer</summary><p>{answer}</p></details>",
        f"*Drawn from the card's example tree: no patient's picture.{boxed}*",
    ]
    return "\n\n".join(lines)
