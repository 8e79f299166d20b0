"""First pass over a shard: what every picture is, so that the whole data set can be decided at once.

A fact is a plain tuple, since a million of them are written and read again:
``(image, source, labels, group, side, key, group hash, mark, width, height, regions, unsure)`` with ``image``
as records name it, ``source`` the file below the root where it is another one (a rendered picture's), ``labels`` the
(stated, uncertain, absent) captions or None, ``side`` the official part, ``key`` the picture's key as a number,
``mark`` a number equal for equal files, ``regions`` ((caption, box, area, cells), ...) or None, ``unsure`` the
captions of which something was seen that could not be used.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from medmat_core.card import Card
from medmat_core.fileio import sha256_of
from medmat_core.headers import HeaderError, HeaderReader, read_header
from medmat_core.model import LabelSample, Problem, Sample, Slice
from medmat_core.pipeline.context import Context, unpacked
from medmat_core.pipeline.kept import Fact, facts_file, left_before, save_facts
from medmat_core.plugins import worker_hooks
from medmat_core.questions.draws import bits_from, bits_of, key_of, keys_of
from medmat_core.readers.pictures import escapes
from medmat_core.splits import SIDE_TEST, SIDE_TRAIN, SIDE_UNKNOWN, Labels, Ledger, group_hash

RENDERED: Final = (".dcm", ".dicom", ".nii", ".nii.gz", ".npy")
_RENDERED_ANY: Final = RENDERED + tuple(suffix.upper() for suffix in RENDERED)
"""Suffixes of pictures that records cannot name: they are rendered to 8-bit PNG."""


@frozen
class ShardDone:
    """What the first pass tells of a shard: numbers for the ledger, problems, and where its facts lie.

    ``facts`` are in memory, or else in ``file``. ``span`` are the first and the last picture by code points,
    ``rendered`` the pictures written below ``out``, each with the SHA-256 of its bytes.
    """

    index: int
    facts: list[Fact] | None
    file: str
    ledger: Ledger
    span: tuple[str, str]
    problems: tuple[Problem, ...]
    seen: int
    rendered: tuple[tuple[str, str], ...] = ()


def inspect_shard(task: tuple[bytes | Context, int, Sequence[Sample], bool, bool]) -> ShardDone:
    """Work on one shard: (context, index, samples, whether to keep the facts in memory, whether they are worth
    keeping for a build that goes on)."""
    raw, index, samples, keep, lasting = task
    context = raw if isinstance(raw, Context) else unpacked(raw)
    file = facts_file(context, index, samples, lasting=lasting)
    shard = left_before(context, file, samples) if lasting and context.resume else None
    if shard is None:
        inspector = Inspector(context)
        facts = inspector.facts(samples)
        shard = facts, tuple(inspector.problems), len(samples)
        if not keep:
            save_facts(file, shard)
    facts, problems, seen = shard
    images = [fact[0] for fact in facts]
    span = (min(images), max(images)) if images else ("", "")
    rendered = tuple((fact[0], sha256_of(context.out / fact[0])) for fact in facts if fact[1] is not None)
    return ShardDone(index, facts if keep else None, str(file), ledger_of(facts), span, problems, seen, rendered)


def ledger_of(facts: Sequence[Fact]) -> Ledger:
    """The numbers of a shard that settling needs."""
    ledger = Ledger()
    if not facts:
        return ledger
    _, _, said, named, sides, keys, groups, marks, _, _, regions, _ = zip(*facts, strict=True)
    ledger.grouped = len(named) - named.count(None)
    ledger.keys.extend(keys)
    ledger.groups.extend(groups)
    ledger.marks.extend(marks)
    ledger.sides.extend(sides)
    if None in said:
        said = tuple(
            (tuple(dict.fromkeys(region[0] for region in found)), (), ()) if labels is None else labels
            for labels, found in zip(said, regions, strict=True)
        )
    # pictures mostly share their tuple of labels, and looking that up by identity spares hashing it
    distinct = dict(zip(map(id, said), said, strict=True))
    numbers = {identity: ledger.label_id(labels) for identity, labels in distinct.items()}
    ledger.labels.extend(map(numbers.__getitem__, map(id, said)))
    return ledger


class Inspector:
    """Turns the samples of one data set into facts; what cannot be used goes to ``problems``."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.problems: list[Problem] = []
        self._labels: dict[Any, Labels | None] = {}
        self._groups: dict[str, int] = {}
        self._decoders: list[Any] | None = None

    def refuse(self, reason: str, sample: Sample, detail: str) -> None:
        self.problems.append(Problem(reason, str(sample.image), detail))

    # -- one shard --------------------------------------------------------------------------------

    def facts(self, samples: Sequence[Sample]) -> list[Fact]:
        """The facts of the samples that can be used."""
        with closing(HeaderReader(str(self.context.root))) as headers:
            return self._facts(samples, headers)

    def _facts(self, samples: Sequence[Sample], headers: HeaderReader) -> list[Fact]:
        context = self.context
        head = context.card.head
        slug, prefix, seed = context.slug, context.image_prefix, context.seed
        key_of_picture, drawn = keys_of(slug, "label"), bits_from(seed)
        namespace = head.namespace
        root = str(context.root)
        check_files = context.verify != "none"
        sides = {
            None: SIDE_UNKNOWN,
            "train": SIDE_TRAIN,
            "test": SIDE_TEST,
            "val": SIDE_TEST if head.validation == "test" else SIDE_TRAIN,
        }
        facts: list[Fact] = []
        add = facts.append
        groups = self._groups
        codes: Any = None  # the last sample's stated codes; a folder's samples share them
        labels: Labels | None = None
        for sample in samples:
            image = sample.image
            if (
                type(sample) is not LabelSample
                or type(image) is not str
                or image.endswith(_RENDERED_ANY)
                or not image.isascii()
                or ".." in image
            ):
                fact = self._slow(sample, sides)
                if fact is not None:
                    add(fact)
                continue
            if sample.stated is not codes or labels is None or sample.uncertain or sample.absent:
                labels = self._captions(sample)
                codes = sample.stated if not (sample.uncertain or sample.absent) else None
                if labels is None:
                    continue
            width = height = None
            mark = 0
            if check_files:
                try:
                    width, height, bits, mark, kind = headers.fields(image)
                    if context.verify == "full":
                        decode(f"{root}/{image}")
                except HeaderError as error:
                    self.refuse(error.reason, sample, error.detail)
                    continue
                if bits > 8 and kind != "jpeg":
                    fact = self._slow(sample, sides)
                    if fact is not None:
                        add(fact)
                    continue
            key = key_of_picture(image)
            group = sample.group
            if group is None:
                place = drawn(key) >> 64
            else:
                place = groups.get(group) or self._group(seed, namespace, group)
            add((prefix + image, None, labels, group, sides[sample.split], key, place, mark, width, height, None, ()))
        return facts

    def _group(self, seed: int, namespace: str, group: str) -> int:
        place = self._groups[group] = group_hash(seed, namespace, group)
        return place

    # -- labels -----------------------------------------------------------------------------------

    def _captions(self, sample: LabelSample) -> Labels | None:
        """The sample's codes as captions; None, with a problem, where one is unknown or they contradict."""
        codes = (sample.stated, sample.uncertain, sample.absent)
        try:
            labels = self._labels[codes]
        except KeyError:
            labels = self._labels[codes] = self._translate(codes)
        if labels is None:
            known = self.context.card.labels
            unknown = [code for part in codes for code in part if code not in known]
            if unknown:
                self.refuse("unknown_label", sample, f"label {unknown[0]!r} is not on the card of {self.context.slug}")
            else:
                said = ", ".join(repr(known[code]) for code in sample.stated)
                self.refuse("contradictory_label", sample, f"filed under {said}, which exclude one another")
        return labels

    def _translate(self, codes: tuple[tuple[str, ...], ...]) -> Labels | None:
        card = self.context.card
        known = card.labels
        if any(code not in known for part in codes for code in part):
            return None
        stated, uncertain, absent = (
            tuple(sorted({known[code] for code in part}, key=card.order.__getitem__)) for part in codes
        )
        if len(stated) > 1 and card.head.normal in stated:
            others = tuple(name for name in stated if name != card.head.normal)
            if contradict(card, ((card.head.normal,), (), ()), (others, (), ())):
                return None
        elif len(stated) > 1 and contradict(card, (stated[:1], (), ()), (stated[1:], (), ())):
            return None
        return stated, uncertain, tuple(name for name in absent if name not in stated)

    # -- everything that is not a plain labelled picture ------------------------------------------

    def _slow(self, sample: Sample, sides: dict[Any, int]) -> Fact | None:
        """Masks, boxes, volumes, DICOM, pictures of more than 8 bits, names beyond ASCII."""
        context = self.context
        image = sample.image
        path = image.path if isinstance(image, Slice) else image
        if escapes(path) or os.path.isabs(path):
            self.refuse("path_escapes", sample, "the picture's path leads out of the data folder")
            return None
        try:
            name = unicodedata.normalize("NFC", str(image))
            name.encode()
        except UnicodeEncodeError:
            self.refuse("bad_name", sample, "the file name is not valid UTF-8; rename the file")
            return None
        labels: Labels | None = None
        if isinstance(sample, LabelSample):
            labels = self._captions(sample)
            if labels is None:
                return None
        try:
            shown, source, width, height, mark = self._picture(sample)
        except HeaderError as error:
            self.refuse(error.reason, sample, error.detail)
            return None
        regions = None
        unsure: tuple[str, ...] = ()
        if not isinstance(sample, LabelSample):
            if width is None or height is None:
                try:
                    header = read_header(str(context.root / path))
                except HeaderError as error:
                    self.refuse(error.reason, sample, error.detail)
                    return None
                width, height = header.width, header.height
            seen = self._regions(sample, (width, height))
            if seen is None:
                return None
            regions, unsure = seen
        key = key_of(context.slug, name, "label" if labels is not None else "")
        group = self._own_group(sample)
        if group is None:
            place = bits_of(context.seed, key) >> 64
        else:
            place = self._groups.get(group) or self._group(context.seed, context.card.head.namespace, group)
        return (shown, source, labels, group, sides[sample.split], key, place, mark, width, height, regions, unsure)

    def _own_group(self, sample: Sample) -> str | None:
        """The sample's group; ``dicom:PatientID`` asks the picture's own header."""
        group = sample.group
        if group is None or not group.startswith("dicom:") or isinstance(sample.image, Slice):
            return group
        import pydicom

        keyword = group.removeprefix("dicom:")
        try:
            data = pydicom.dcmread(self.context.root / sample.image, stop_before_pixels=True, specific_tags=[keyword])
            return str(data.get(keyword, "")) or None
        except Exception:  # an unreadable header was refused before; here only the group is lost
            return None

    def _picture(self, sample: Sample) -> tuple[str, str | None, int | None, int | None, int]:
        """(name in records, source if rendered, width, height, mark)."""
        context = self.context
        image = sample.image
        path = image.path if isinstance(image, Slice) else image
        full = context.root / path
        rendered = isinstance(image, Slice) or path.lower().endswith(RENDERED)
        width = height = None
        mark = 0
        if not rendered and context.verify != "none":
            header = read_header(str(full))
            width, height, mark = header.width, header.height, header.mark
            rendered = header.bits > 8 and header.format != "jpeg"
            if context.verify == "full" and not rendered:
                decode(str(full))
        if not rendered:
            return context.image_prefix + path, None, width, height, mark
        from medmat_core.regions.pixels import PixelError
        from medmat_core.regions.rendering import render

        name = f"images/{context.slug}/{_rendered_name(str(image))}"
        if not full.exists():
            raise HeaderError("missing_image", "the picture is not there")
        try:
            width, height = render(
                full, image if isinstance(image, Slice) else None, context.out / name, window=context.card.mask.window
            )
        except PixelError as error:
            raise HeaderError(error.reason, error.detail) from None
        if context.verify != "none":
            mark = _mark_of(full, image)
        return name, str(image), width, height, mark

    def _regions(self, sample: Any, size: tuple[int, int]) -> tuple[tuple[Any, ...], tuple[str, ...]] | None:
        """((caption, box, area, cells), ...) and the captions that are neither present nor absent."""
        from medmat_core.regions.facts import regions_of

        if self._decoders is None:
            self._decoders = [worker_hooks(self.context.region_plugins).medmat_regions]
        labels = self.context.card.labels
        found = regions_of(sample, size, self.context.root, self.context.card, self._decoders)
        self.problems.extend(found.notes)
        if found.refused:  # what is left of the masks would make the picture look emptier than it is
            return None
        if found.dropped and not found.regions:
            return None
        regions = tuple((labels[r.code], tuple(r.box), r.area, tuple(r.cells)) for r in found.regions)
        return regions, tuple(sorted({labels[code] for code in found.unsure}))


def decode(path: str) -> None:
    """Decode every pixel of a picture; :class:`HeaderError` where that fails."""
    from medmat_core.regions.pixels import PixelError, load_array

    try:
        load_array(Path(path), role="image")
    except PixelError as error:
        raise HeaderError(error.reason, error.detail) from None


def contradict(card: Card, one: Labels, two: Labels) -> bool:
    """Whether two sets of labels of one picture exclude one another by their card."""
    if card.head.kind in ("mask", "box"):
        # a picture shows the classes that its masks show and no other, so copies must show the same ones
        return set(one[0]) != set(two[0])
    meeting = {frozenset(pair) for pair in (*card.classes.nested, *card.classes.overlapping)}
    if card.head.kind == "multi-label":
        normal = card.head.normal
        if not normal or (normal in one[0]) == (normal in two[0]) or not one[0] or not two[0]:
            return False
        others = two[0] if normal in one[0] else one[0]
        # a card may say that something stands beside its normal (CheXpert: support devices are no finding)
        return any(frozenset((normal, name)) not in meeting for name in others)
    return any(a != b and frozenset((a, b)) not in meeting for a in one[0] for b in two[0])


def _rendered_name(image: str) -> str:
    """'a/b.dcm' -> 'a/b.png', 'v.nii.gz#0003' -> 'v.nii.gz-0003.png': one name a picture."""
    path, sharp, index = image.rpartition("#")
    if sharp:
        return f"{path}-{index}.png"
    return image.rpartition(".")[0] + ".png" if image.lower().endswith((".dcm", ".dicom")) else image + ".png"


def _mark_of(full: Path, image: Any) -> int:
    """Equal for pictures of equal bytes; slices of one volume are told apart by their index."""
    import zlib

    with full.open("rb") as handle:
        head = handle.read(4096)
    tail = f"{image.axis}#{image.index}".encode() if isinstance(image, Slice) else b""
    return (full.stat().st_size << 32 | zlib.crc32(tail, zlib.crc32(head))) & 0xFFFFFFFFFFFFFFFF
