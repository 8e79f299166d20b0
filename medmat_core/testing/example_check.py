"""Does the adapter read from the example tree what the card expects, however it was unzipped."""

from __future__ import annotations

import os
import pickle
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from medmat_core.card import Card
from medmat_core.dataset import Dataset
from medmat_core.errors import MedmatError
from medmat_core.example import Expect
from medmat_core.images.suffixes import IMAGE_SUFFIXES
from medmat_core.layouts import layout_of
from medmat_core.model import BoxSample, LabelSample, MaskSample, Sample
from medmat_core.samples import example_files
from medmat_core.testing.reading import (
    LITERAL,
    QUIET,
    Files,
    Reading,
    Style,
    codes_of,
    mask_files,
    read,
    siblings,
    styles,
)
from medmat_core.testing.report import Finding
from medmat_core.testing.tally import read_samples, tried

Boxes = tuple[tuple[int, int, int, int], ...]


def check_example(dataset: Dataset, card: Card, files: Files, tmp: Path) -> Iterator[Finding]:
    """Every style of unzipping, then what is checked once, on the literal tree."""
    told: set[tuple[str, str]] = set()
    for number, style in enumerate(styles(card)):
        base = files.write(tmp / f"style{number}" / card.folder, style)
        reading = read(dataset, card, base)
        found = [*_sound(card, reading, style), *(() if reading.crash else _expected(card, reading, style))]
        # what is wrong in one style is most often wrong in all: say it once
        yield from (finding for finding in found if (finding.check, finding.where or finding.what) not in told)
        told.update((finding.check, finding.where or finding.what) for finding in found)
        if style is LITERAL:
            read_samples(len(reading.samples))
            again = read(dataset, card, base)
            if again.samples != reading.samples:
                what = "two runs over one tree yield other samples, or the same in another order"
                todo = "iterate in the order of sorted paths; no sets, no random choice"
                yield Finding("order", card.path.name, what, todo)
            yield from _all_used(card, reading, base)
            yield from _layout_agrees(dataset, reading, base)
    for other in siblings(dataset):
        yield from _beside(dataset, other, files, tmp / f"beside-{other.slug}")


def _layout_agrees(dataset: Dataset, reading: Reading, base: Path) -> Iterator[Finding]:
    """Where a card tells its layout and a module reads the data set all the same, both say the same of the example."""
    card = dataset.card
    if not card.layout or dataset.is_card_alone:
        return
    check, where = "layout and adapter", "layout"
    try:
        alone = read(evolve(dataset, samples=layout_of(card).samples), card, base)
    except MedmatError as error:
        yield Finding(check, card.path.name, str(error), "mend the layout, or leave it out", where)
        return
    if alone.crash:
        yield Finding(check, card.path.name, f"the layout raised {alone.crash}", "mend the layout", where)
        return
    ours, theirs = reading.by_image, alone.by_image
    for image in sorted(ours.keys() | theirs.keys()):
        tried()
        if ours.get(image) != theirs.get(image):
            yield Finding(
                check, image, f"the adapter says {ours.get(image)}, the card's layout {theirs.get(image)}",
                "let both say the same, or leave one of them out", where,
            )  # fmt: skip
            return


def _beside(dataset: Dataset, other: Dataset, files: Files, tmp: Path) -> Iterator[Finding]:
    """The same with the files of a data set that shares the folder: nobody downloads half an archive."""
    check = "shared folder"
    card = dataset.card
    try:
        theirs = dict(example_files(other.card))
    except MedmatError:
        return  # its own check says so
    for path in sorted(theirs.keys() & files.content.keys()):
        if theirs[path] != files.content[path]:
            yield Finding(
                check, path, f"the example of {other} has other content there, so only one of the two can be written",
                "let both cards say the same of the file", "example",
            )  # fmt: skip
            return
    reading = read(dataset, card, Files({**theirs, **files.content}).write(tmp / card.folder))
    style = evolve(LITERAL, name=f"beside the files of {other}")
    if reading.crash:
        yield Finding(check, card.path.name, f"the adapter raised {reading.crash} ({style.name})", "mend the adapter")
        return
    for finding in _expected(card, reading, style):
        if not finding.hint and "drawn as a mask" not in finding.what:
            yield evolve(finding, check=check, what=f"{finding.what} ({style.name})")


def _sound(card: Card, reading: Reading, style: Style) -> Iterator[Finding]:
    """What holds for any tree without faults, whatever it expects."""
    for name in dict.fromkeys(reading.opened_pictures):
        yield Finding("opens no picture", name, "the adapter opened it", "leave decoding to the build: hand over paths")
    if reading.crash:
        yield Finding("crash", card.path.name, f"the adapter raised {reading.crash} ({style.name})", "mend the adapter")
    for stranger in reading.strangers[:3]:
        todo = "yield LabelSample, MaskSample, BoxSample or Problem"
        yield Finding("samples", card.path.name, f"the adapter yields {stranger!r}", todo)
    for problem in reading.problems:
        known = any(item.covers(problem.reason, reading.prefix + problem.file) for item in card.tables.known)
        if problem.reason not in QUIET and not known:
            what = f"the adapter reports {problem.reason}: {problem.detail or problem.row or ''} ({style.name})"
            todo = "mend the adapter, or the example if the file is wrong there"
            yield Finding("no problem on the example", problem.file or card.path.name, what, todo, "example")
    for image, times in Counter(str(sample.image) for sample in reading.samples).items():
        if times > 1:
            what = f"it is yielded {times} times ({style.name})"
            yield Finding("each picture once", image, what, "yield one sample a picture")
    for sample in reading.samples:
        tried()
        yield from _sound_sample(card, sample)


def _sound_sample(card: Card, sample: Sample) -> Iterator[Finding]:
    image = str(sample.image)
    want = {"mask": MaskSample, "box": BoxSample}.get(card.kind, LabelSample)
    if not isinstance(sample, want) and not (card.kind == "box" and isinstance(sample, MaskSample)):
        what = f"is a {type(sample).__name__}"
        yield Finding("samples", image, what, f"yield {want.__name__}", f"kind = {card.kind!r}")
    named = [image, *(mask_files(sample) if isinstance(sample, MaskSample) else ())]
    for name in named:
        if name.startswith("/") or ".." in name.split("/"):
            yield Finding("samples", name, "the path leaves the data set's root", "stay below it; widen the markers")
    unknown = [code for code in codes_of(sample) if code not in card.labels]
    if unknown:
        what = f"its code {unknown[0]!r} is not on the card"
        yield Finding("labels", image, what, "add the code, or correct the adapter", "labels")
    if isinstance(sample, LabelSample):
        kinds = [set(sample.stated), set(sample.uncertain), set(sample.absent)]
        if sum(map(len, kinds)) != len(set().union(*kinds)):
            what = "a code is stated, uncertain or absent at once"
            yield Finding("samples", image, what, "let each code say one thing")
        if card.kind in ("single-label", "ordinal") and len(sample.stated) > 1:
            what, todo = f"has {len(sample.stated)} labels", "yield one, or call the data set multi-label"
            yield Finding("samples", image, what, todo, f"kind = {card.kind!r}")
    if card.unprotected and sample.group is not None:
        yield Finding("groups", image, f"has the group {sample.group!r}", "set unprotected = false", "unprotected")
    if not card.unprotected and sample.group is None and sample.split is None:
        todo = "give a group (a proxy will do, say so in group_by), or set unprotected = true"
        yield Finding("groups", image, "has neither a group nor an official split", todo, "unprotected")
    if sample.group is not None and not card.group_by:
        yield Finding("groups", image, f"has the group {sample.group!r}", "say in group_by what a group is", "group_by")
    try:
        whole = pickle.loads(pickle.dumps(sample)) == sample
    except Exception as error:
        yield Finding("samples", image, f"does not pickle: {error}", "hold paths, texts and numbers only")
    else:
        if not whole:
            yield Finding("samples", image, "is another sample after pickling", "hold paths, texts and numbers only")


def _expected(card: Card, reading: Reading, style: Style) -> Iterator[Finding]:
    """Picture by picture: is what was yielded what the card expects."""
    sizes = {path: picture.size for picture in card.example.pictures for path in picture.paths}
    mentioned: set[str] = set()
    for place, expect in enumerate(card.example.expect):
        where = f"example.expect[{place}]"
        tried()
        full = style.place(expect.image)
        mentioned.add(full)
        sample = reading.by_image.get(full)
        if expect.unused:
            if sample is not None:
                yield Finding("expected", full, f"is yielded ({style.name})", "leave it out", f"{where}.unused")
            continue
        if sample is None:
            yield Finding(
                "expected", full, f"is not yielded ({style.name}; root found: {reading.prefix or '.'})",
                "mend the adapter, the markers or the path", where,
            )  # fmt: skip
            continue
        size = sizes.get(expect.image) or sizes.get(expect.image.rpartition("#")[0], (0, 0))
        yield from _same(card, sample, expect, reading, size, full, where)
    drawn_masks = {style.place(path) for picture in card.example.pictures if picture.shapes for path in picture.paths}
    for full in reading.by_image:
        if full in drawn_masks - mentioned:
            yield Finding(
                "expected", full, f"is drawn as a mask, but yielded as a picture ({style.name})",
                "leave it out, or expect it", "example.expect",
            )  # fmt: skip
    silent = [full for full in reading.by_image if full not in mentioned | drawn_masks]
    if silent and style is LITERAL:
        yield Finding(
            "expected", silent[0], f"is yielded, one of {len(silent)} of which nothing is expected",
            "say what they must yield, or a mistake there goes unseen", "example.expect", hint=True,
        )  # fmt: skip


@frozen
class Facts:
    """What a sample says in captions: ``captions`` stated or with a region, ``boxes`` by caption."""

    captions: tuple[str, ...]
    uncertain: tuple[str, ...]
    boxes: Mapping[str, Boxes]


def facts_of(
    card: Card, sample: Sample, root: Path, size: tuple[int, int], decoders: Sequence[Callable[..., Any]] = ()
) -> Facts:
    """A sample in captions, in card order. ``size`` is the picture's (width, height); masks are decoded.

    Raises :class:`MedmatError` for a mask or box that the build would refuse.
    """

    def ordered(codes: Sequence[str]) -> tuple[str, ...]:
        names = {card.labels.get(code, code) for code in codes}
        return tuple(sorted(names, key=lambda name: (card.order.get(name, len(card.order)), name)))

    if isinstance(sample, LabelSample):
        return Facts(ordered(sample.stated), ordered(sample.uncertain), {})
    from medmat_core.regions.extract import regions_of

    boxes: dict[str, list[tuple[int, int, int, int]]] = {}
    found = regions_of(sample, size, root, card, decoders)
    faults = [note for note in found.notes if note.level == "refused"]
    if faults:
        raise MedmatError(f"{faults[0].reason}: {faults[0].detail} ({faults[0].file})")
    for region in found.regions:
        boxes.setdefault(card.labels.get(region.code, region.code), []).append(region.box)
    return Facts(ordered(list(boxes)), (), {caption: tuple(sorted(found)) for caption, found in boxes.items()})


def _same(
    card: Card, sample: Sample, expect: Expect, reading: Reading, size: tuple[int, int], full: str, where: str
) -> Iterator[Finding]:
    try:
        facts = facts_of(card, sample, reading.root, size, reading.decoders)
    except ImportError as error:
        yield Finding("expected", full, f"masks cannot be decoded: {error}", "install what is missing", where)
        return
    except Exception as error:
        reason = str(error) if isinstance(error, MedmatError) else f"{type(error).__name__}: {error}"
        what = f"its masks cannot be decoded: {reason}"
        yield Finding("expected", full, what, "mend the masks, or the adapter", where)
        return
    said = {
        "captions": (set(facts.captions), set(expect.captions)),
        "uncertain": (set(facts.uncertain), set(expect.uncertain)),
    }
    for name, (found, wanted) in said.items():
        if found != wanted:
            todo = "mend the adapter, or the card if the label file says so"
            yield Finding("expected", full, f"{_list(found)}, expected {_list(wanted)}", todo, f"{where}.{name}")
    for name, value, want in (("group", sample.group, expect.group), ("split", sample.split, expect.split)):
        if want is not None and value != want and not str(value).startswith("dicom:"):
            what = f"{name} {value!r}, expected {want!r}"
            yield Finding("expected", full, what, f"mend the {name}", f"{where}.{name}")
    for caption, boxes in expect.boxes.items():
        seen = facts.boxes.get(caption, ())
        if seen != tuple(sorted(boxes)):
            yield Finding(
                "expected", full, f"{caption}: boxes {[*map(list, seen)]}, expected {[*map(list, sorted(boxes))]}",
                "boxes are half-open pixels [x1, y1, x2, y2]; mend the adapter or the mask's rules", f"{where}.boxes",
            )  # fmt: skip


def _list(names: set[str]) -> str:
    return ", ".join(map(repr, sorted(names))) if names else "nothing"


def _all_used(card: Card, reading: Reading, base: Path) -> Iterator[Finding]:
    """Every file of the tree is used or left alone for a reason, and nothing is both."""
    told = tuple(reading.prefix + problem.file for problem in reading.problems if problem.file)
    matched: set[str] = set()
    for folder, _, names in os.walk(base):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), base).replace(os.sep, "/")
            rules = [rule.pattern for rule in card.ignored if rule.matches(path, reading.prefix)]
            matched.update(rules)
            if rules and path in reading.used:
                yield Finding(
                    "no file unread", path, "is read, though the card ignores it", "narrow the pattern",
                    f"ignored {rules[0]!r}",
                )  # fmt: skip
            elif not rules and path not in reading.used and not path.startswith(told or ("\0",)):
                kind = "picture" if Path(name).suffix.lower() in IMAGE_SUFFIXES else "file"
                yield Finding(
                    "no file unread", path, f"the {kind} is neither read nor ignored",
                    "read it, or add an [[ignored]] pattern with the reason", "ignored",
                )  # fmt: skip
    for rule in card.ignored:
        if rule.pattern not in matched:
            yield Finding(
                "no file unread", card.path.name, "matches no file of the example",
                "add such a file to the example, so that the pattern is tried", f"ignored {rule.pattern!r}", hint=True,
            )  # fmt: skip
