"""Every picture and mask of a data set opened: what cannot be read, what decodes alike, which classes masks hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import define, field

from medmat_core.card import Card
from medmat_core.images import PictureError
from medmat_core.images.headers import read_header
from medmat_core.images.near import near_within, perceptual
from medmat_core.images.pixels import load_array
from medmat_core.model import MaskSample, Problem, Sample, Slice
from medmat_core.regions.extract import Decoder, regions_of
from medmat_core.tree import Tree


@define
class Looked:
    """What was seen. ``unreadable`` and ``alike`` name pictures, ``near`` holds pairs of near copies.

    ``classes`` holds, for every mask sample whose masks were decoded, the codes of which something was seen, by the
    place of the sample; ``problems`` is what decoding masks told.
    """

    unreadable: list[str] = field(factory=list)
    alike: list[list[str]] = field(factory=list)
    near: list[tuple[str, str]] = field(factory=list)
    classes: dict[int, tuple[str, ...]] = field(factory=dict)
    problems: list[Problem] = field(factory=list)


def look_at(
    tree: Tree,
    card: Card,
    samples: Sequence[Sample],
    *,
    full: bool,
    near: bool = False,
    decoders: Iterable[Decoder] = (),
) -> Looked:
    """Read every picture's header; with ``full`` decode it, and decode the masks that come with it.

    ``near`` looks for near copies, too (with ``full`` only). ``decoders`` are plugins' own for masks.
    """
    looked = Looked()
    alike: dict[str, list[str]] = {}
    hashes: list[int] = []
    named: list[str] = []
    tried = tuple(decoders)
    for number, sample in enumerate(samples):
        image = sample.image
        path = tree.path(image.path if isinstance(image, Slice) else image)
        try:
            if not isinstance(image, Slice):
                read_header(str(path))
            if not full:
                continue
            pixels = load_array(path, image if isinstance(image, Slice) else None, role="image")
        except PictureError as error:
            looked.unreadable.append(f"{image}: {error.detail}")
            continue
        alike.setdefault(_digest(pixels), []).append(str(image))
        if near:
            hashes.append(perceptual(pixels))
            named.append(str(image))
        if isinstance(sample, MaskSample):
            found = regions_of(sample, (pixels.shape[1], pixels.shape[0]), tree.root, card, tried)
            looked.problems.extend(found.notes)
            if not found.refused:
                codes = dict.fromkeys([*(region.code for region in found.regions), *sorted(found.unsure)])
                looked.classes[number] = tuple(codes)
    looked.alike.extend(names for names in alike.values() if len(names) > 1)
    looked.near.extend((named[a], named[b]) for a, b in near_within(np.array(hashes, np.uint64)))
    return looked


def _digest(pixels: npt.NDArray[Any]) -> str:
    return hashlib.sha256(f"{pixels.shape}{pixels.dtype}".encode() + pixels.tobytes()).hexdigest()
