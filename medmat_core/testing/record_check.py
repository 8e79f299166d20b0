"""Do the records that a build makes of the example hold what every record must hold."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import evolve, field, frozen

from medmat_core.card import Card
from medmat_core.dataset import Dataset
from medmat_core.errors import MedmatError
from medmat_core.example import Expect
from medmat_core.images.rendering import rendered_name
from medmat_core.model import LabelSample, MaskSample, Record, Slice, file_and_slice
from medmat_core.records import read_records
from medmat_core.testing.hostile import without
from medmat_core.testing.reading import Files, Reading, alone, codes_of, mask_files, read
from medmat_core.testing.report import Finding
from medmat_core.testing.tally import tried

_DATA: Final = "med-mat"

Json = Mapping[str, Any]


@frozen
class Built:
    """What a build made: its records, those in Med-MAT's form, the lines of problems.jsonl, or its crash."""

    records: tuple[Record, ...] = ()
    medmat: tuple[Json, ...] = ()
    problems: tuple[Json, ...] = ()
    crash: str = ""
    _of: dict[str, list[Record]] = field(factory=dict)

    def of(self, names: set[str]) -> list[Record]:
        """The records about a picture, which goes by one of these names."""
        if not self._of:
            for record in self.records:
                self._of.setdefault(record.image, []).append(record)
        return [record for name in sorted(names) for record in self._of.get(name, ())]

    def told(self, path: str, *, refused: bool = False) -> bool:
        """Whether a problem names a file (path below the data set's folder or its root)."""
        return any(
            problem["file"] and path.partition("#")[0].endswith(problem["file"].partition("#")[0])
            for problem in self.problems
            if problem["level"] == "refused" or not refused
        )


def build_example(dataset: Dataset, data: Path, out: Path) -> Built:
    """Build one data set with every pixel verified, in this process."""
    from medmat_core.building import build

    try:
        build([dataset.slug], data=data, out=out, catalog=alone(dataset), jobs=1, verify="full")
    except MedmatError as error:
        return Built(crash=str(error))
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return Built(crash=f"{type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})")
    return Built(
        tuple(record for file in sorted(out.glob("records/*.jsonl")) for record in read_records(file)),
        tuple(
            item for file in sorted(out.glob("Original_Medical_Datasets/*.json")) for item in json.loads(_text(file))
        ),
        tuple(json.loads(line) for line in _text(out / "problems.jsonl").split("\n") if line),
    )


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def check_records(dataset: Dataset, card: Card, files: Files, tmp: Path) -> Iterator[Finding]:
    """Build the example as it is, then with a broken picture, a broken mask and a class that the card lacks."""
    base = files.write(tmp / _DATA / card.folder)
    reading = read(dataset, card, base)
    if reading.crash:
        return  # the example check says so
    built = build_example(dataset, tmp / _DATA, tmp / "out")
    if built.crash:
        yield Finding("build", card.path.name, f"the build of the example fails: {built.crash}", "mend it")
        return
    yield from _pristine(card, reading, built)
    for record in built.records:
        tried()
        if not (tmp / record.image).is_file() and not (tmp / "out" / record.image).is_file():
            yield Finding("records", record.image, "there is no such picture", "report it")
    yield from _audited(dataset, card, built)
    for place, expect in enumerate(card.example.expect):
        tried()
        yield from _as_expected(card, reading, built, expect, f"example.expect[{place}]")
    yield from _medmat(card, built)
    yield from _broken(dataset, card, files, reading, built, tmp)
    yield from _unknown(dataset, card, files, tmp)


def _pristine(card: Card, reading: Reading, built: Built) -> Iterator[Finding]:
    copies = any(picture.same_as for picture in card.example.pictures)
    for problem in built.problems:
        meant = copies and problem["reason"] in ("contradictory_label", "listed_twice")
        if problem["level"] == "refused" and not meant:
            what = f"the build refuses it: {problem['reason']}: {problem['detail']}"
            todo = "mend the adapter or the example"
            yield Finding("build", problem["file"] or card.path.name, what, todo, "example")


def _audited(dataset: Dataset, card: Card, built: Built) -> Iterator[Finding]:
    """Everything that ``medmat audit`` says of the records: options, answers, groups, splits, keys."""
    from medmat_core.audit import FAULTS, check_records

    todo = "look at the card's classes and groups; if they are right, this is a fault of medmat-core: report it"
    for fault in check_records(built.records, [card], subset_of=alone(dataset).subset):
        if fault.level == "fault":
            where = fault.image or f"{fault.file} record {fault.line}"
            yield Finding("records", where, f"{fault.name}: {fault.detail or FAULTS[fault.name]}", todo)


def names_of(card: Card, reading: Reading, full: str) -> set[str]:
    """How records may name a picture: as it lies there, or as it was rendered."""
    path, mark = file_and_slice(full.removeprefix(reading.prefix))
    images = [Slice(path, int(mark[1:]), axis) for axis in range(3)] if mark else [path]
    rendered = {f"rendered/{card.slug}/{rendered_name(image)}" for image in images}
    return {f"{_DATA}/{card.folder}/{full}", *rendered}


def _as_expected(card: Card, reading: Reading, built: Built, expect: Expect, where: str) -> Iterator[Finding]:
    """The records about one picture say what the card expects of it."""
    records = built.of(names_of(card, reading, expect.image))
    labelled = isinstance(reading.by_image.get(expect.image), LabelSample)
    in_order = sorted(expect.captions, key=lambda caption: card.order.get(caption, 0))

    def wrong(what: str, todo: str, field_: str = "") -> Finding:
        return Finding("records", expect.image, what, todo, where + field_)

    if expect.unused or (labelled and not expect.captions):
        if records:
            yield wrong("is asked about", "nothing is known of it that could be asked")
        return
    negative = not expect.captions and "presence" not in card.asks  # presence alone asks about negatives
    if not labelled and "box" not in card.asks:
        negative = True  # boxes alone are asked openly: what finds no round is counted by the manifest
    if not records and not negative and not built.told(expect.image):
        yield wrong("is asked nothing, and no problem says why", "report a Problem; never skip in silence")
    if labelled and len(records) > 1:
        yield wrong(f"is asked {len(records)} times", "one question a labelled picture")
    side = card.validation if expect.split == "val" else expect.split
    for record in records:
        if side is not None and record.split != side:
            yield wrong(f"is in {record.split}, expected in {side}", "mend the split", ".split")
        if expect.group is not None and not expect.group.startswith("dicom:"):
            group = f"{card.namespace}:{expect.group}"
            if record.group != group:
                yield wrong(f"has the group {record.group!r}, expected {group!r}", "mend the group", ".group")
        if labelled and list(record.captions) != in_order:
            yield wrong(f"is asked about {list(record.captions)}, expected {in_order}", "mend the labels", ".captions")
        if not labelled:
            yield from _regions_as_expected(record, expect, in_order, wrong)


def _regions_as_expected(record: Record, expect: Expect, in_order: Sequence[str], wrong: Any) -> Iterator[Finding]:
    own = {some.caption: some.boxes for some in record.boxes}
    if list(own) != list(in_order):
        yield wrong(f"has boxes of {list(own)}, expected {in_order}", "mend the masks or boxes", ".captions")
    for caption, boxes in expect.boxes.items():
        found = sorted(own.get(caption, ()))
        if found != sorted(map(tuple, boxes)):
            yield wrong(f"{caption}: boxes {found}, expected {sorted(boxes)}", "mend the masks or boxes", ".boxes")
    absent = set(record.captions) - set(in_order)
    if absent and record.ask != "presence":
        yield wrong(f"is asked for the {record.ask} of {absent}, which is not there", "report it", ".captions")


def _medmat(card: Card, built: Built) -> Iterator[Finding]:
    """Med-MAT's own format says the same as the records that have options."""
    from medmat_core.audit.unit import medmat_form

    closed = [record for record in built.records if record.options]
    if len(built.medmat) != len(closed):
        what = f"{len(built.medmat)} records in Med-MAT's format, {len(closed)} with options"
        yield Finding("records", card.path.name, what, "report it")
        return
    # files sort alike: test before train, records in the order of their ids
    for plain, record in zip(built.medmat, closed, strict=True):
        if list(plain.items()) != list(medmat_form(record, plain.get("id", 0)).items()):
            yield Finding("records", record.image, "Med-MAT's format says otherwise than the record", "report it")


def _broken(dataset: Dataset, card: Card, files: Files, reading: Reading, whole: Built, tmp: Path) -> Iterator[Finding]:
    """A picture, and a mask, that end in the middle."""
    image = next((s for s in reading.samples if whole.of(names_of(card, reading, reading.full(s.image)))), None)
    if image is None:
        return
    yield from _cut(dataset, card, files, reading, whole, reading.file(image), "truncated image", tmp / "image")
    masked = (
        reading.prefix + file
        for sample in reading.samples
        if isinstance(sample, MaskSample) and whole.of(names_of(card, reading, reading.full(sample.image)))
        for file in mask_files(sample)
    )
    mask = next(masked, None)
    if mask is not None:
        yield from _cut(dataset, card, files, reading, whole, mask, "truncated mask", tmp / "mask")


def _cut(
    dataset: Dataset, card: Card, files: Files, reading: Reading, whole: Built, path: str, name: str, tmp: Path
) -> Iterator[Finding]:
    check = f"hostile: {name}"
    content = files.content[path]
    base = files.write(tmp / _DATA / card.folder)
    (base / path).write_bytes(content[: len(content) * 6 // 10])
    built = build_example(dataset, tmp / _DATA, tmp / "out")
    if built.crash:
        yield Finding(check, path, f"the build fails: {built.crash}", "refuse the picture and go on")
        return
    touched = [
        reading.full(sample.image)
        for sample in reading.samples
        if path == reading.file(sample)
        or (isinstance(sample, MaskSample) and path in {reading.prefix + file for file in mask_files(sample)})
    ]
    if not any(built.told(other, refused=True) for other in (path, *touched)):
        yield Finding(
            check, path, "it ends in the middle, and no problem says so", "decode through medmat_core.regions"
        )
    for full in reading.by_image:
        names = names_of(card, reading, full)
        if full in touched and built.of(names):
            yield Finding(check, full, f"is asked about, though {path} ends in the middle", "refuse it")
        elif full not in touched and whole.of(names) and not built.of(names):
            yield Finding(check, full, f"is not asked about, because {path} ends in the middle", "go on with the rest")


def _unknown(dataset: Dataset, card: Card, files: Files, tmp: Path) -> Iterator[Finding]:
    """Samples with a code that the card lacks are refused with its text."""
    check = "hostile: unknown label"
    base = tmp / _DATA / card.folder  # written before
    for code in list(card.labels):
        other = without(card, code)
        reading = read(dataset, other, base)
        strangers = [reading.full(sample.image) for sample in reading.samples if code in codes_of(sample)]
        if reading.crash or not strangers:
            continue
        built = build_example(evolve(dataset, card=other), tmp / _DATA, tmp / "unknown")
        if built.crash:
            yield Finding(check, card.path.name, f"the build fails: {built.crash}", "report it", f"labels.{code}")
            return
        said = [p for p in built.problems if p["reason"] == "unknown_label" and code in p["detail"]]
        asked = [full for full in strangers if built.of(names_of(card, reading, full))]
        if not said or (card.kind in ("single-label", "ordinal") and asked):
            yield Finding(
                check, (asked or strangers)[0], f"{code!r} is not on the card, and the build does not refuse it",
                "report it", f"labels.{code}",
            )  # fmt: skip
        return
