"""Pairing pictures with their mask files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from medmat_core.card import Card
from medmat_core.images.colors import parse_color
from medmat_core.images.suffixes import without_suffix
from medmat_core.model import Mask, MaskFile, MaskSample, Split
from medmat_core.readers.pictures import stem as stem_of
from medmat_core.tree import Tree, fold


def stem_index(paths: Iterable[str], stem: Callable[[str], str] | None = None) -> dict[str, str]:
    """Paths by their file name without suffix, case folded; ``stem`` may cut further (a mask's suffix)."""
    index: dict[str, str] = {}
    for path in paths:
        name = path.rpartition("/")[2]
        base = without_suffix(name)
        index.setdefault(fold(stem(base) if stem else base), path)
    return index


def palette(card: Card) -> tuple[tuple[tuple[int, int, int], str], ...]:
    """The card's mask colours as :class:`ColorMask` takes them: "#aa0055" -> (170, 0, 85), each with its code."""
    return tuple((parse_color(text), code) for text, code in card.mask.colors.items())


def report_unpaired(
    tree: Tree, masks: Iterable[tuple[Hashable, str]], pictures: Collection[Hashable], *, what: str = "mask"
) -> None:
    """Report each mask file whose picture is not there.

    ``masks`` pairs a key with a mask's path, ``pictures`` are the keys of the pictures that are there (stems, most
    often, folded alike). Where there is no picture at all that is one problem and not thousands.
    """
    alone = [path for key, path in masks if key not in pictures]
    if len(alone) > 1 and not pictures:
        folder = alone[0].rpartition("/")[0]
        tree.report("missing_image", folder, f"{len(alone)} {what}s lie here, and none of their pictures is there")
        return
    for path in alone:
        tree.report("missing_image", path, f"the {what} has no picture")


def mask_beside(image: str, folder: str, mask_folder: str) -> str:
    """The path of an image with one folder name exchanged: ("a/images/x.jpg", "images", "masks") -> "a/masks/x.jpg".

    The folder nearest to the file is exchanged, its name compared case folded.
    """
    parts = image.split("/")
    for place in range(len(parts) - 2, -1, -1):
        if fold(parts[place]) == fold(folder):
            parts[place] = mask_folder
            return "/".join(parts)
    return image


def gathered_masks(
    tree: Tree,
    images: Iterable[str],
    masks: Mapping[str, Sequence[Mask]] | Callable[[str], Sequence[Mask]],
    *,
    wanted: Collection[str] = (),
    missing: Literal["problem", "negative"] = "problem",
    group: Callable[[str], str | None] | None = None,
    split: Split | Callable[[str], Split | None] | None = None,
) -> Iterator[MaskSample]:
    """Pictures with any number of mask files each: ``masks`` gives those of a picture by its path, or is a mapping
    by its stem, folded, for pictures of which no two have the same.

    A picture without any mask, or without one of a class of ``wanted``, is a problem; without any it is a negative
    where ``missing`` says so.
    """
    for image in images:
        found = tuple(masks(image) if callable(masks) else masks.get(stem_of(image), ()))
        lacking = [code for code in wanted if not any(getattr(mask, "code", None) == code for mask in found)]
        if (lacking or not found) and (found or missing == "problem"):
            where = f" in {', '.join(lacking)}" if lacking else ""
            tree.report("missing_mask", image, f"no mask of this name{where}")
            continue
        yield MaskSample(
            image,
            found,
            group=group(image) if group is not None else None,
            split=split(image) if callable(split) else split,
        )


def paired_masks(
    tree: Tree,
    images: Iterable[str],
    mask_of: Callable[[str], str | None] | Mapping[str, str],
    *,
    code: str | None = None,
    make: Callable[[str, str], Mask] | None = None,
    threshold: float | None = None,
    invert: bool = False,
    missing: Literal["problem", "negative"] = "problem",
    group: Callable[[str], str | None] | None = None,
    split: Split | Callable[[str], Split | None] | None = None,
) -> Iterator[MaskSample]:
    """Pictures with one mask file each; ``mask_of`` gives the mask's path for a picture's (None: there is none), or is
    a :func:`stem_index` of the masks. ``split`` is one for all pictures or a rule over the path.

    The mask belongs to the class ``code``, or is made by ``make(image, mask path)`` where it holds several
    classes. A missing mask is a problem, or a negative where the card says so.
    """
    for image in images:
        path = mask_of(image) if callable(mask_of) else mask_of.get(stem_of(image))
        masks: tuple[Mask, ...] = ()
        if path is not None and tree.exists(path):
            if make is not None:
                masks = (make(image, path),)
            else:
                assert code is not None, "paired_masks needs code or make"
                masks = (MaskFile(path, code, threshold, invert),)
        elif missing == "problem":
            tree.report("missing_mask", image, f"its mask {path or ''} is not there".replace("  ", " "))
            continue
        yield MaskSample(
            image,
            masks,
            group=group(image) if group is not None else None,
            split=split(image) if callable(split) else split,
        )
