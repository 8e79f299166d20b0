"""Pictures with masks beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Literal

from attrs import evolve, frozen

from medmat_core.card import Card
from medmat_core.images.suffixes import VOLUME_SUFFIXES, without_suffix
from medmat_core.layouts.base import InParts, Names, SplitOf, named, told, written
from medmat_core.model import ColorMask, IndexMask, Mask, MaskFile, MaskSample, Slice
from medmat_core.readers.folders import class_folders
from medmat_core.readers.masks import gathered_masks, paired_masks, palette, report_unpaired
from medmat_core.readers.pairs import Beside, pair_up, place_of
from medmat_core.readers.pictures import stem
from medmat_core.readers.volumes import slices_of
from medmat_core.tree import Tree, fold

AROUND = "{folder}"
"""The label of masks whose class is the folder that their picture lies in."""


@frozen(kw_only=True, slots=False)
class Masks(InParts):
    """Pictures with mask files of their own names.

    ``pictures`` is the folder of the pictures (left out: all), ``masks`` the folder of the masks, below the folder that
    holds the one of the pictures (with ``parts``: anywhere). Left out, masks lie in the pictures' own folder. A mask is
    called like its picture with the ``suffix`` behind the stem, perhaps with a number (1_mask.png, 1_mask_2.png for
    1.jpg), and lies in the folder of the same name below ``masks``; only where a name is the only one of all it may lie
    in any. ``channel`` is what only the pictures have at the end of their names ("_0000": 1.png for 1_0000.png). A mask
    ``holds`` one class ("binary"; how it is read stands under ``[mask]``), an "index" of classes
    (``mask.index``) or "colors" (``mask.colors``, within ``tolerance`` a channel).

    The class of a binary mask is ``label``. Where there is a file a class, {code} stands for the class in ``suffix``
    ("_{code}": 1_polyp.png) or in ``masks`` ("{code}_masks": a folder a class, and a picture has a mask in each). With
    ``label = "{folder}"`` the class is the folder that picture and masks lie in together, and numbers count on from a
    mask without one.

    With ``volumes`` the files are NIfTI or NumPy volumes instead of pictures: every slice along ``axis`` is a picture,
    its mask is the same slice of the mask's file, and the slices of a volume are one group unless a rule says more.
    """

    about: ClassVar[str] = "masks beside pictures"
    example: ClassVar[str] = """
[labels]
polyp = "Polyp"

[layout]
kind = "masks"
pictures = "images"
masks = "masks"
suffix = "_gt"
label = "polyp"

[[example.pictures]]
paths = ["images/1.jpg"]

[[example.pictures]]
paths = ["masks/1_gt.png"]
mode = "L"
background = 0
shapes = [{box = [8, 8, 24, 20], value = 255}]

[[example.expect]]
image = "images/1.jpg"
captions = ["Polyp"]
boxes = {"Polyp" = [[8, 8, 24, 20]]}
"""

    pictures: Names = ""
    masks: Names = ""
    suffix: str = ""
    channel: str = ""
    holds: Literal["binary", "index", "colors"] = "binary"
    label: str = ""
    tolerance: int = 0
    volumes: bool = False
    axis: Literal[0, 1, 2] = 2

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        each = "{code}" in self.suffix + "".join(written(self.masks))
        if (self.holds == "binary") != (bool(self.label) != each):
            raise ValueError(
                "a binary mask needs a label or {code} in suffix or masks, one of the two; masks of other kinds neither"
            )
        if not self.masks and not self.suffix:
            raise ValueError("say by which suffix, or in which folder, masks are told from pictures")
        other = self.masks or self.pictures or self.parts or self.once or self.volumes or self.channel
        if self.label == AROUND and other:
            raise ValueError("where the folder is the class, masks lie beside their pictures in it, and are no volumes")
        told = any("{part}" in name for name in written(self.pictures))
        if bool(self.parts) != told:
            raise ValueError("parts are told by the folder of the pictures: write {part} in it, and give parts")

    def codes(self) -> Iterator[tuple[str, str]]:
        """The class of binary masks."""
        if self.label and self.label != AROUND:
            yield "label", self.label

    def samples(self, tree: Tree, card: Card) -> Iterator[MaskSample]:
        """A sample a picture."""
        if self.label == AROUND:
            yield from self._in_class_folders(tree, card)
            return
        seen: set[str] = set()
        for word, split in self.words(tree):
            for folder in self._folders(tree, word):
                yield from self._folder(tree, card, word, folder, split, seen)

    def _folders(self, tree: Tree, word: str) -> list[str | None]:
        """The folders of pictures; None stands for one that is not there, so that its masks are missed by somebody."""
        if not self.pictures:
            return [""]
        if self.parts:
            return [tree.folder(*named(self.pictures, word))]
        return [*dict.fromkeys(path for name in named(self.pictures) for path in tree.folders(name))] or [None]

    def _folder(
        self, tree: Tree, card: Card, word: str, folder: str | None, split: SplitOf, seen: set[str]
    ) -> Iterator[MaskSample]:
        masks = self._masks_of(tree, card, word, folder)
        beside = {mask.path for mask in masks}
        every = (
            [path for path in self.kept(self._files(tree, folder)) if path not in beside] if folder is not None else []
        )
        own = pair_up(tree, every, folder or "", masks, single=self.holds != "binary")
        if every and word in self.optional and not masks:
            what = (*named(self.masks, word), f"*{self.suffix}")[0]
            tree.report("missing_mask", folder or "", f"no {what} with the masks of its pictures")
            return
        pictures = [path for path in own if not self.once or stem(path) not in seen]
        if own and not pictures:
            tree.report("left_out", folder or "", "a second copy of the same pictures")
        seen |= set(map(stem, every))
        found = self._paired(tree, card, pictures, own, split)
        yield from sliced(tree, found, self.axis) if self.volumes else found

    def _files(self, tree: Tree, folder: str) -> Iterator[str]:
        return tree.files(folder, VOLUME_SUFFIXES) if self.volumes else tree.images(folder)

    def _paired(
        self, tree: Tree, card: Card, pictures: Sequence[str], own: Mapping[str, Sequence[Beside]], split: SplitOf
    ) -> Iterator[MaskSample]:
        group, missing = self.grouping(tree), card.mask.missing
        if self.holds == "binary":
            masks = {picture: [MaskFile(mask.path, mask.kind) for mask in some] for picture, some in own.items()}
            return gathered_masks(
                tree, pictures, masks.__getitem__, wanted=self._wanted(card), missing=missing, group=group, split=split
            )

        def make(image: str, mask: str) -> Mask:
            if self.holds == "colors":
                return ColorMask(mask, palette(card), self.tolerance)
            return IndexMask(mask, tuple((int(value), code) for value, code in card.mask.index.items() if code))

        def mask_of(image: str) -> str | None:
            return own[image][0].path if own[image] else None

        return paired_masks(tree, pictures, mask_of, make=make, missing=missing, group=group, split=split)

    def _wanted(self, card: Card) -> tuple[str, ...]:
        """The classes of which every picture has a mask: those that have a folder each."""
        return tuple(card.labels) if any("{code}" in name for name in written(self.masks)) else ()

    def _masks_of(self, tree: Tree, card: Card, word: str, folder: str | None) -> list[Beside]:
        """The masks that belong to a folder of pictures; the ``kind`` of binary ones is their class."""
        parent = "" if folder is None or self.parts else folder.rpartition("/")[0]
        meant = self._meaning(card)
        found: dict[str, Beside] = {}
        for code in self._wanted(card) or ("",):
            names = [name.replace("{code}", code) for name in named(self.masks, word)]
            places = [folder] if folder is not None else []
            if self.masks:
                every = [place for name in names for place in tree.folders(name, parent)]
                places = every if self.parts else every[:1]
            for place in places:
                for path in self._files(tree, place):
                    if path not in found and (mean := meant(path)) is not None:
                        kind = mean[1] or code or self.label
                        picture = mean[0] + fold(self.channel)
                        found[path] = Beside(path=path, picture=picture, place=place_of(path, place), kind=kind)
        return [*found.values()]

    def _meaning(self, card: Card) -> Callable[[str], tuple[str, str] | None]:
        """What gives (stem of the picture, class in the name) that a mask's name means; None for what is no mask."""
        if not self.suffix:
            return lambda mask: (stem(mask), "")
        before, each, behind = self.suffix.partition("{code}")
        if each:  # the least that may be a stem leaves the longest code; other words are told by whoever reads the mask
            last = f"({'|'.join(map(re.escape, card.labels))}|[^_]+){re.escape(behind)}"
        else:
            last = r"(?:_\d+)?()"
        stems = ".+?" if each else ".+"
        rule = re.compile(f"({stems}){re.escape(before)}{last}", re.IGNORECASE | re.DOTALL)

        def meant(mask: str) -> tuple[str, str] | None:
            name = mask.rpartition("/")[2]
            name = name[:-7] if name[-7:].lower() == ".nii.gz" else without_suffix(name)
            found = rule.fullmatch(name)
            return (fold(found[1]), found[2]) if found is not None else None

        return meant

    def _in_class_folders(self, tree: Tree, card: Card) -> Iterator[MaskSample]:
        masks: dict[str, list[str]] = {}
        pictures: set[str] = set()
        rule = self._meaning(card)
        for path in tree.images():
            folder, meant = path.rpartition("/")[0], rule(path)
            if meant is None:
                pictures.add(f"{folder}/{stem(path)}")
            else:
                masks.setdefault(f"{folder}/{meant[0]}", []).append(path)
        report_unpaired(tree, ((key, path) for key, some in masks.items() for path in some), pictures)
        skips, split = self.skips, self.by_path(tree)

        def skip(path: str) -> bool:
            return rule(path) is not None or (skips is not None and skips(path))

        for sample in class_folders(tree, card, skip=skip, group=self.grouping(tree), split=split):
            image = str(sample.image)
            own = masks.get(f"{image.rpartition('/')[0]}/{stem(image)}", [])
            if not own and card.mask.missing == "problem":
                tree.report("missing_mask", image, f"no file with its name and {self.suffix} lies beside it")
                continue
            ends = {fold(stem(path)).rpartition(fold(self.suffix))[2] for path in own}
            lacking = [end for end in ("", *(f"_{n}" for n in range(1, len(own)))) if end not in ends]
            if lacking:  # masks count on from the one without a number; without one of them a lesion is left out
                what = f"{own[0].rpartition('/')[2]} lies beside it, and none that ends in {self.suffix}{lacking[0]}"
                tree.report("missing_mask", image, what)
                continue
            found = tuple(MaskFile(path, sample.stated[0]) for path in own)
            yield MaskSample(image, found, group=sample.group, split=sample.split)
        told(split)


def sliced(tree: Tree, samples: Iterable[MaskSample], axis: int) -> Iterator[MaskSample]:
    """A sample a slice of what is said of whole volumes, read from the header of each."""
    for sample in samples:
        volume = str(sample.image)
        group = sample.group if sample.group is not None else volume
        for place in slices_of(tree, volume, axis):
            masks = tuple(_slice_of(mask, place) for mask in sample.masks)
            yield evolve(sample, image=place, masks=masks, group=group)


def _slice_of(mask: Mask, place: Slice) -> Mask:
    if isinstance(mask, MaskFile | IndexMask | ColorMask):
        return evolve(mask, path=Slice(str(mask.path), place.index, place.axis))
    return mask
