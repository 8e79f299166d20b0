"""Every picture and mask of a data set opened: what cannot be read, what decodes alike, which classes masks hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import define, field

from medmat_core.card import Card
from medmat_core.errors import UsageError
from medmat_core.headers import HeaderError, read_header
from medmat_core.model import ImageRef, MaskSample, Problem, Sample, Slice
from medmat_core.regions.facts import Decoder, regions_of
from medmat_core.regions.pixels import PixelError, load_array
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

    ``near`` looks for near copies, too (with ``full`` only). ``decoders`` are plugins' own for masks. Raises
    :class:`UsageError` where ``near`` lacks its library.
    """
    looked = Looked()
    alike: dict[str, list[str]] = {}
    hashes: list[tuple[Any, str]] = []
    tried = tuple(decoders)
    for number, sample in enumerate(samples):
        image = sample.image
        path = tree.path(image.path if isinstance(image, Slice) else image)
        try:
            if not isinstance(image, Slice):
                read_header(str(path))
            if not full:
                continue
            pixels = _decoded(path, image)
        except HeaderError as error:
            looked.unreadable.append(f"{image}: {error.detail}")
            continue
        alike.setdefault(_digest(pixels), []).append(str(image))
        if near:
            hashes.append((_perceptual(pixels), str(image)))
        if isinstance(sample, MaskSample):
            found = regions_of(sample, (pixels.shape[1], pixels.shape[0]), tree.root, card, tried)
            looked.problems.extend(found.notes)
            if not found.refused:
                codes = dict.fromkeys([*(region.code for region in found.regions), *sorted(found.unsure)])
                looked.classes[number] = tuple(codes)
    looked.alike.extend(names for names in alike.values() if len(names) > 1)
    looked.near.extend(near_pairs(hashes))
    return looked


def _decoded(path: Path, image: ImageRef) -> npt.NDArray[Any]:
    try:
        return load_array(path, image if isinstance(image, Slice) else None, role="image")
    except PixelError as error:
        raise HeaderError(error.reason, error.detail) from None


def _digest(pixels: npt.NDArray[Any]) -> str:
    return hashlib.sha256(f"{pixels.shape}{pixels.dtype}".encode() + pixels.tobytes()).hexdigest()


def _perceptual(pixels: npt.NDArray[Any]) -> Any:
    try:
        import imagehash
    except ImportError as error:
        raise UsageError("--near needs ImageHash; run: pip install 'medmat-core[hash]'") from error
    from PIL import Image

    flat = pixels if pixels.ndim == 2 else pixels[..., :3].mean(axis=2)
    low, high = float(flat.min()), float(flat.max())
    gray = np.zeros(flat.shape, np.uint8) if high == low else ((flat - low) * (255 / (high - low))).astype(np.uint8)
    return imagehash.phash(Image.fromarray(gray))


def near_pairs(hashes: list[tuple[Any, str]], distance: int = 4) -> list[tuple[str, str]]:
    """Pairs of pictures whose 64-bit perceptual hashes differ in at most ``distance`` bits.

    Hashes that agree in one of five parts are compared; two that differ in four bits must agree in one.
    """
    parts = 5
    buckets: dict[tuple[int, str], list[int]] = {}
    texts = [str(mark) for mark, _ in hashes]
    for number, text in enumerate(texts):
        bits = bin(int(text, 16))[2:].zfill(64)
        for part in range(parts):
            buckets.setdefault((part, bits[part * 64 // parts : (part + 1) * 64 // parts]), []).append(number)
    pairs: set[tuple[int, int]] = set()
    for numbers in buckets.values():
        for place, one in enumerate(numbers[:2000]):
            for two in numbers[:place]:
                if hashes[one][0] - hashes[two][0] <= distance:
                    pairs.add((min(one, two), max(one, two)))
    return [(hashes[a][1], hashes[b][1]) for a, b in sorted(pairs)]
