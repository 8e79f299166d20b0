"""First pass: what every picture of a shard is, so that the whole data set can be decided at once."""

from __future__ import annotations

import os
import unicodedata
from array import array
from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from attrs import define, evolve, frozen

from medmat_core.images import PictureError
from medmat_core.images.headers import HeaderReader, read_header
from medmat_core.images.suffixes import RENDERED_SUFFIXES
from medmat_core.model import ImageRef, LabelSample, Problem, Region, Sample, Slice
from medmat_core.pipeline.context import Context, unpacked
from medmat_core.pipeline.facts import Facts, Regions, Shard, ShardNames, save_shard
from medmat_core.pipeline.hashes import Hashes
from medmat_core.pipeline.kept import left_before, shard_file
from medmat_core.pipeline.rendered import tie
from medmat_core.pipeline.state import Shown
from medmat_core.pipeline.translate import Refused, Translator
from medmat_core.plugins import worker_hooks
from medmat_core.questions.draws import key_of, keys_of
from medmat_core.readers.pictures import escapes
from medmat_core.regions.words import NO_CELL, cell_of
from medmat_core.rounds import Salt
from medmat_core.splits import Labels, Ledger, Side, group_hash

_RENDERED_ANY: Final = RENDERED_SUFFIXES + tuple(suffix.upper() for suffix in RENDERED_SUFFIXES)


@frozen
class Task:
    """A shard to inspect. ``keep``: the facts may stay in memory. ``lasting``: they are worth keeping for a build that
    goes on, since pixels were decoded for them."""

    context: bytes | Context
    index: int
    samples: Sequence[Sample]
    keep: bool
    lasting: bool


@frozen
class ShardDone:
    """What the first pass tells of a shard: where its names are, its numbers, and what could not be used.

    ``rendered`` are its rendered pictures.
    """

    names: ShardNames
    ledger: Ledger
    regions: Regions | None
    hashes: Hashes
    widths: array[int]
    heights: array[int]
    problems: tuple[Problem, ...]
    seen: int
    lost: dict[str, int]
    rendered: tuple[Shown, ...] = ()


def inspect_shard(task: Task) -> ShardDone:
    """Look at every picture of a shard."""
    context = task.context if isinstance(task.context, Context) else unpacked(task.context)
    file = shard_file(context, task.index, task.samples, lasting=task.lasting)
    shard = left_before(context, file, task.samples) if task.lasting and context.resume else None
    if shard is None:
        inspector = Inspector(context)
        facts = inspector.facts(task.samples)
        shard = Shard(facts, tuple(inspector.problems), len(task.samples), inspector.lost, tuple(inspector.shown))
        if not task.keep:
            save_shard(file, shard)
    facts = shard.facts
    names = ShardNames(task.index, len(facts), facts.span(), str(file), facts if task.keep else None)
    return ShardDone(
        names, facts.ledger, facts.regions, facts.hashes, facts.widths, facts.heights, shard.problems, shard.seen,
        shard.lost, shard.rendered,
    )  # fmt: skip


@define
class Look:
    """What was seen of one picture before it is a row of the facts."""

    image: str
    source: str = ""
    width: int = 0
    height: int = 0
    mark: int = 0
    labels: Labels | None = None
    regions: Sequence[Region] = ()
    unsure: Sequence[str] = ()
    pixels: npt.NDArray[Any] | None = None


class Inspector:
    """Turns the samples of one data set into facts; what cannot be used goes to ``problems``."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.problems: list[Problem] = []
        self._captions_of = Translator(context.card)
        self._groups: dict[str, int] = {}
        self._decoders: list[Any] | None = None
        self._sides: dict[str | None, Side] = {
            None: Side.UNSAID,
            **{part: Side.named(part) for part in ("train", "val", "test")},
        }
        self.lost: dict[str, int] = {}
        self.shown: list[Shown] = []
        self._source: tuple[Path, str] | None = None

    def refuse(self, reason: str, sample: Sample, detail: str) -> None:
        """The sample cannot be used."""
        self.lost[reason] = self.lost.get(reason, 0) + 1
        self.problems.append(Problem(reason, str(sample.image), detail))

    # -- one shard --------------------------------------------------------------------------------

    def facts(self, samples: Sequence[Sample]) -> Facts:
        """The facts of the samples that can be used."""
        with closing(HeaderReader(str(self.context.root))) as headers:
            return self._facts(samples, headers)

    def _facts(self, samples: Sequence[Sample], headers: HeaderReader) -> Facts:
        """Plain labelled pictures are told at once, since there may be a million of them; all else takes its time."""
        context = self.context
        prefix, root = context.image_prefix, str(context.root)
        key_of_picture = keys_of(context.slug, "label")
        check_files, wanted = context.verify != "none", context.hashes
        decodes = context.verify == "full" or wanted
        facts = Facts(regions=None if context.card.head.kind not in ("mask", "box") else Regions())
        ledger = facts.ledger
        images, names, widths, heights = facts.images, facts.groups, facts.widths, facts.heights
        keys, places, marks, sides, numbers = ledger.keys, ledger.groups, ledger.marks, ledger.sides, ledger.labels
        groups, named, of_split = self._groups, ledger.named, self._sides
        codes: Any = None  # the last sample's stated codes; a folder's samples share them
        number: int | None = None
        width = height = mark = 0
        for sample in samples:
            image = sample.image
            if (
                type(sample) is not LabelSample
                or type(image) is not str
                or image.endswith(_RENDERED_ANY)
                or not image.isascii()
                or ".." in image
                or facts.regions is not None
            ):
                self._slowly(sample, facts)
                continue
            if number is None or sample.stated is not codes or sample.uncertain or sample.absent:
                labels = self._captions(sample)
                if labels is None:
                    number = None
                    continue
                codes = sample.stated if not (sample.uncertain or sample.absent) else None
                number = ledger.label_id(labels)
            if check_files:
                try:
                    width, height, bits, mark, kind = headers.fields(image)
                    shown = bits <= 8 or kind == "jpeg"
                    if decodes and shown:
                        pixels = decode(f"{root}/{image}")
                        if wanted:
                            facts.hashes.add(wanted, pixels)
                except PictureError as error:
                    self.refuse(error.reason, sample, error.detail)
                    continue
                if not shown:
                    self._slowly(sample, facts)
                    continue
            group = sample.group
            if group is None:
                place = 0  # drawn below, from the key
                names.append("")
            else:
                place = groups.get(group) or self._group(group)
                names.append(group)
            images.append(prefix + image)
            widths.append(width)
            heights.append(height)
            keys.append(key_of_picture(image))
            places.append(place)
            marks.append(mark)
            sides.append(of_split[sample.split])
            named.append(group is not None)
            numbers.append(number)
        _draw_places(ledger, context.seed)
        return facts

    def _group(self, group: str) -> int:
        place = self._groups[group] = group_hash(self.context.seed, self.context.card.head.namespace, group)
        return place

    def _captions(self, sample: LabelSample) -> Labels | None:
        """The sample's codes as captions; None, with a problem, where one is unknown or they contradict."""
        found = self._captions_of(sample)
        if isinstance(found, Refused):
            self.refuse(found.reason, sample, found.detail)
            return None
        return found

    # -- everything that is not a plain labelled picture ------------------------------------------

    def _slowly(self, sample: Sample, facts: Facts) -> None:
        """Masks, boxes, volumes, DICOM, pictures of more than 8 bits, names beyond ASCII: look, and add a row."""
        name = self._name(sample)
        look = self._look(sample) if name is not None else None
        if name is None or look is None:
            return
        context, ledger = self.context, facts.ledger
        key = key_of(context.slug, name, "label" if look.labels is not None else "")
        group = self._own_group(sample)
        place = 0 if group is None else self._groups.get(group) or self._group(group)
        if look.source:
            facts.sources[len(facts)] = look.source
        facts.images.append(look.image)
        facts.groups.append(group or "")
        facts.widths.append(look.width)
        facts.heights.append(look.height)
        ledger.keys.append(key)
        ledger.groups.append(place)
        ledger.marks.append(look.mark)
        ledger.sides.append(self._sides[sample.split])
        ledger.named.append(group is not None)
        labels = look.labels or (tuple(dict.fromkeys(region.code for region in look.regions)), (), ())
        ledger.labels.append(ledger.label_id(labels))
        facts.hashes.add(context.hashes, look.pixels)
        if facts.regions is not None:
            self._add_regions(look, facts.regions)

    def _add_regions(self, look: Look, regions: Regions) -> None:
        order = self.context.card.order
        alone = {region.code for region in look.regions}
        if len(alone) < len(look.regions):
            codes = [region.code for region in look.regions]
            alone = {code for code in alone if codes.count(code) == 1}
        if look.unsure:
            regions.unsure[len(regions.counts)] = tuple(order[caption] for caption in look.unsure)
        regions.counts.append(len(look.regions))
        for region in look.regions:
            regions.classes.append(order[region.code])
            regions.boxes.extend(region.box)
            regions.areas.append(region.area)
            cell, touched = cell_of(region.cells) if region.code in alone else (NO_CELL, 0)
            regions.cells.append(cell)
            regions.touched.append(touched)

    def _name(self, sample: Sample) -> str | None:
        """The picture's name in NFC; None, with a problem, where it cannot be one."""
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
        return name

    def _look(self, sample: Sample) -> Look | None:
        labels = None
        if isinstance(sample, LabelSample):
            labels = self._captions(sample)
            if labels is None:
                return None
        try:
            look = self._picture(sample)
            if not isinstance(sample, LabelSample) and not look.width:
                path = sample.image.path if isinstance(sample.image, Slice) else sample.image
                header = read_header(str(self.context.root / path))
                look.width, look.height = header.width, header.height
        except PictureError as error:
            self.refuse(error.reason, sample, error.detail)
            return None
        look.labels = labels
        return look if labels is not None or self._see_regions(sample, look) else None

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

    def _picture(self, sample: Sample) -> Look:
        """Size and mark of the picture, rendered where records could not name it otherwise."""
        context = self.context
        image = sample.image
        path = image.path if isinstance(image, Slice) else image
        full = context.root / path
        rendered = isinstance(image, Slice) or path.lower().endswith(RENDERED_SUFFIXES)
        look = Look(context.image_prefix + path)
        if not rendered and context.verify != "none":
            header = read_header(str(full))
            look.width, look.height, look.mark = header.width, header.height, header.mark
            rendered = header.bits > 8 and header.format != "jpeg"
            if (context.verify == "full" or context.hashes) and not rendered:
                look.pixels = decode(str(full))
        if not rendered:
            return look
        if not full.exists():
            raise PictureError("missing_image", "the picture is not there")
        shown, (look.width, look.height) = self._render(full, image, look)
        look.image, look.source = shown.path, str(image)
        self.shown.append(shown)
        if context.verify != "none":
            look.mark = _mark_of(full, image)
        return look

    def _render(self, full: Path, image: ImageRef, look: Look) -> tuple[Shown, tuple[int, int]]:
        """The picture as 8-bit PNG; the one that stands where it was made of the same bytes by the same rule."""
        from medmat_core.images.raster import decode_picture
        from medmat_core.images.rendering import rendered, rendered_name, rule_digest, source_digest

        place = self.context.rendered
        slice_ = image if isinstance(image, Slice) else None
        window = self.context.card.mask.window
        if self._source is None or self._source[0] != full:  # the slices of a volume come one after the other
            self._source = full, source_digest(full)
        name = rendered_name(image)
        own = tie(name, self._source[1], rule_digest(slice_, window))
        shown = place.standing(name, own)
        if shown is not None:
            header = read_header(str(place.file(shown)))
            if self.context.hashes:
                look.pixels = decode(str(place.file(shown)))
            return shown, (header.width, header.height)
        made = rendered(full, slice_, window, self._source[1])
        place.put(own, made.png)
        if self.context.hashes:
            look.pixels = decode_picture(made.png, "stored", None, "image").array
        return Shown(place.path(name), own, sha256(made.png).hexdigest()), (made.width, made.height)

    def _see_regions(self, sample: Any, look: Look) -> bool:
        """Find the regions, their classes named by caption; False where the sample cannot be used."""
        from medmat_core.regions.extract import regions_of

        if self._decoders is None:
            self._decoders = [worker_hooks(self.context.region_plugins).medmat_regions]
        labels = self.context.card.labels
        found = regions_of(sample, (look.width, look.height), self.context.root, self.context.card, self._decoders)
        self.problems.extend(found.notes)
        # what is left of refused masks would make the picture look emptier than it is
        if found.refused or (found.dropped and not found.regions):
            reason = next((note.reason for note in found.notes if note.level == "refused"), "regions_too_small")
            self.lost[reason] = self.lost.get(reason, 0) + 1
            return False
        look.regions = [evolve(region, code=labels[region.code]) for region in found.regions]
        look.unsure = sorted({labels[code] for code in found.unsure})
        return True


def _draw_places(ledger: Ledger, seed: int) -> None:
    """The places on the line from test to train of pictures that have no group: drawn from (seed, key)."""
    alone = np.frombuffer(ledger.named, np.uint8) == 0
    if alone.any():
        drawn = Salt.of(seed, "place").hashed(np.frombuffer(ledger.keys, np.uint64)[alone])
        np.frombuffer(ledger.groups, np.uint64)[alone] = drawn


def decode(path: str) -> npt.NDArray[Any]:
    """Every pixel of a picture; :class:`PictureError` where decoding fails."""
    from medmat_core.images.pixels import load_array

    return load_array(Path(path), role="image")


def _mark_of(full: Path, image: Any) -> int:
    """Equal for pictures of equal bytes; slices of one volume are told apart by their index."""
    import zlib

    with full.open("rb") as handle:
        head = handle.read(4096)
    tail = f"{image.axis}#{image.index}".encode() if isinstance(image, Slice) else b""
    return (full.stat().st_size << 32 | zlib.crc32(tail, zlib.crc32(head))) & 0xFFFFFFFFFFFFFFFF
