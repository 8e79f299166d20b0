"""First pass: what every picture of a shard is, so that the whole data set can be decided at once."""

from __future__ import annotations

import os
import traceback
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from operator import length_hint
from pathlib import Path
from typing import Any, Final

import numpy as np

from medmat_core.blame import told
from medmat_core.errors import BuildError, MedmatError
from medmat_core.images import PictureError
from medmat_core.images.headers import HeaderReader, read_header
from medmat_core.images.suffixes import may_be_rendered
from medmat_core.model import PARTS, LabelSample, MaskSample, Problem, Sample, Slice
from medmat_core.pipeline.context import Context
from medmat_core.pipeline.facts import Facts, Regions
from medmat_core.pipeline.look import Look, Looker, decode
from medmat_core.pipeline.state import Shown
from medmat_core.pipeline.translate import Refused, Translator
from medmat_core.plugins import worker_hooks
from medmat_core.questions.draws import key_of, keys_of
from medmat_core.readers.pictures import escapes
from medmat_core.regions.words import NO_CELL, cell_of
from medmat_core.rounds import Salt
from medmat_core.shown import shown
from medmat_core.splits import Labels, Ledger, Side, group_hash
from medmat_core.stopping import is_stop, leave
from medmat_core.watch import Overdue, Watch

_NO_NAME: Final = ("", "/")
_PLAIN: Final = frozenset({".jpg", ".JPG", ".png", ".PNG", "jpeg", "JPEG"})
"""Ends of nearly all names, which are told at once to need no rendering."""


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
            **{part: Side.named(part) for part in PARTS},
        }
        self.lost: dict[str, int] = {}
        self._looker = Looker(context)
        self.failed: dict[str, str] = {}

    @property
    def shown(self) -> list[Shown]:
        """The pictures that were rendered, in order."""
        return self._looker.shown

    def refuse(self, reason: str, sample: Sample, detail: str) -> None:
        """The sample cannot be used."""
        self.lost[reason] = self.lost.get(reason, 0) + 1
        self.problems.append(Problem(reason, str(sample.image), detail))

    # -- one shard --------------------------------------------------------------------------------

    def refuse_unread(self, sample: Sample, detail: str) -> None:
        """The sample cannot be used, and who knows whether for its picture or for its mask."""
        self.refuse("bad_mask" if isinstance(sample, MaskSample) else "bad_image", sample, detail)

    def facts(self, samples: Sequence[Sample]) -> Facts:
        """The facts of the samples that can be used."""
        facts = Facts(regions=None if self.context.card.head.kind not in ("mask", "box") else Regions())
        todo = iter(list(samples))
        left = partial(length_hint, todo)
        with closing(HeaderReader(str(self.context.root))) as headers, self._ahead(samples):
            while left():
                try:
                    with Watch(self.context.timeout, left, lambda: self._give_up(samples[-left() - 1])):
                        self._look_at(todo, facts, headers)
                except MedmatError:
                    raise
                except ImportError as error:  # no picture's fault, and the next would fare no better
                    raise _unloaded(error) from error
                except BaseException as error:  # whatever one file does, it costs its own line
                    if is_stop(error):
                        raise
                    facts.cut()
                    self._refuse_after(error, samples[-left() - 1])
        _draw_places(facts.ledger, self.context.seed)
        return facts

    @contextmanager
    def _ahead(self, samples: Sequence[Sample]) -> Iterator[None]:
        """While this lasts, a thread decodes the masks that come next."""
        context = self.context
        if not context.ahead or context.region_plugins or not any(isinstance(sample, MaskSample) for sample in samples):
            yield
            return
        try:
            from medmat_core.pipeline.ahead import Ahead  # not before: it loads OpenCV
            from medmat_core.regions.decode import decode
        except ImportError as error:
            raise _unloaded(error) from error
        with closing(Ahead(context.root, samples)) as ahead:
            self._decoders = [partial(decode, read=ahead.read)]
            yield

    def _refuse_after(self, error: BaseException, sample: Sample) -> None:
        """A sample that raised what nobody foresaw."""
        if isinstance(error, Overdue):
            detail = f"it takes longer than {self.context.timeout:g} seconds (--timeout-per-file)"
        elif isinstance(error, MemoryError):
            detail = "it asks for more memory than there is"
        else:
            frames = traceback.extract_tb(error.__traceback__)
            where = f"{Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else ""
            detail = f"{told(error)} ({where}); please report it"
        self.refuse_unread(sample, detail)

    def _give_up(self, sample: Sample) -> None:
        """A decoder that neither ends nor can be ended takes its process with it."""
        from multiprocessing import parent_process

        import click

        from medmat_core.pipeline.engines import NEVER_ENDS

        if parent_process() is not None:
            leave(NEVER_ENDS)
        file = shown(f"{self.context.image_prefix}{sample.image}")
        click.echo(f"medmat: {file}: it never ends to be read; remove it, then go on with --resume", err=True)
        leave(BuildError.exit_code)

    def _look_at(self, samples: Iterator[Sample], facts: Facts, headers: HeaderReader) -> None:
        """Plain labelled pictures are told at once, since there may be a million of them; all else takes its time."""
        context = self.context
        prefix, root = context.image_prefix, str(context.root)
        key_of_picture = keys_of(context.slug, "label")
        check_files, wanted = context.verify != "none", context.hashes
        decodes = context.verify == "full" or wanted
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
                or (image[-4:] not in _PLAIN and may_be_rendered(image))
                or not image.isascii()
                or ".." in image
                or image[:1] in _NO_NAME
                or "\\" in image
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
                    as_it_is = kind == "jpeg" or (bits <= 8 and kind != "dicom")
                    if decodes and as_it_is:
                        pixels = decode(f"{root}/{image}")
                        if wanted:
                            facts.hashes.add(wanted, pixels)
                except PictureError as error:
                    self.refuse(error.reason, sample, error.detail)
                    continue
                if not as_it_is:
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
        facts.hashes.add(context.hashes, look.pixels)  # first: what is cut off has no hash left over
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
        named = context.card.labels
        labels = look.labels or (tuple(dict.fromkeys([named[region.code] for region in look.regions])), (), ())
        ledger.labels.append(ledger.label_id(labels))
        if facts.regions is not None:
            self._add_regions(look, facts.regions)

    def _add_regions(self, look: Look, regions: Regions) -> None:
        card = self.context.card
        order = card.order
        codes = [region.code for region in look.regions]
        alone = set(codes)
        if len(alone) < len(codes):
            alone = {code for code in alone if codes.count(code) == 1}
        if look.unsure:
            regions.unsure[len(regions.counts)] = tuple(order[caption] for caption in look.unsure)
        regions.counts.append(len(look.regions))
        for region in look.regions:
            regions.classes.append(order[card.labels[region.code]])
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
        if "\\" in path:
            self.refuse("bad_name", sample, "there is a backslash in the file name; rename the file")
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
            look = self._looker.look_at(sample.image)
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

    def _see_regions(self, sample: Any, look: Look) -> bool:
        """Find the regions, their classes named by caption; False where the sample cannot be used."""
        from medmat_core.regions.decode import decode as decode_mask
        from medmat_core.regions.extract import regions_of

        if self._decoders is None:
            plugins = self.context.region_plugins
            self._decoders = [worker_hooks(plugins).medmat_regions if plugins else decode_mask]  # the same, if alone
        found = regions_of(sample, (look.width, look.height), self.context.root, self.context.card, self._decoders)
        self.problems.extend(found.notes)
        if found.failed:
            self.failed.setdefault(found.failed, found.notes[-1].detail)
        # what is left of refused masks would make the picture look emptier than it is
        if found.refused or (found.dropped and not found.regions):
            reason = next((note.reason for note in found.notes if note.level == "refused"), "regions_too_small")
            self.lost[reason] = self.lost.get(reason, 0) + 1
            return False
        look.regions = found.regions
        look.unsure = sorted({self.context.card.labels[code] for code in found.unsure})
        return True


def _unloaded(error: ImportError) -> BuildError:
    return BuildError(f"a library cannot be loaded ({error}), perhaps for want of memory; go on with --resume")


def _draw_places(ledger: Ledger, seed: int) -> None:
    """The places on the line from test to train of pictures that have no group: drawn from (seed, key)."""
    alone = np.frombuffer(ledger.named, np.uint8) == 0
    if alone.any():
        drawn = Salt.of(seed, "place").hashed(np.frombuffer(ledger.keys, np.uint64)[alone])
        np.frombuffer(ledger.groups, np.uint64)[alone] = drawn
