"""Masks of an export: records hold boxes alone, so the data set's own masks are decoded once more.

That needs the data and the plugin. Without them, or where a mask is not what it was when the records were built, a
region has its box and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from attrs import frozen

from medmat_core.formats.protocol import Segment
from medmat_core.model import MaskSample, PixelBox, Record, Slice
from medmat_core.regions.box_words import scaled

if TYPE_CHECKING:
    from medmat_core.card import Card
    from medmat_core.catalog import Catalog


@frozen(eq=False)
class Masks:
    """The mask samples of one data set by what records call their pictures."""

    card: Card
    root: Path
    modules: tuple[str, ...]
    samples: Mapping[str, MaskSample]

    def of(self, images: Iterable[str]) -> Masks:
        """Those of a few pictures, to be sent to a worker."""
        return Masks(
            self.card, self.root, self.modules,
            {image: self.samples[image] for image in images if image in self.samples},
        )  # fmt: skip

    def segments(self, record: Record, before: tuple[int, int], size: tuple[int, int]) -> tuple[Segment, ...]:
        """The regions of a record's picture, whose size was ``before`` and is ``size`` in the export."""
        from medmat_core.images import PictureError
        from medmat_core.plugins import worker_hooks
        from medmat_core.regions.extract import class_masks

        sample = self.samples.get(record.image)
        if sample is None:
            return ()
        try:
            decoders = [worker_hooks(self.modules).medmat_regions]
            masks = class_masks(sample, before, self.root, self.card, decoders)
        except PictureError:
            return ()
        found: list[Segment] = []
        for boxes in record.boxes:
            if boxes.caption in masks:
                found += _cut(masks[boxes.caption], boxes.caption, boxes.boxes, before, size)
        return tuple(found)


def masks_of(catalog: Catalog, slug: str, image: str, pictures: Path) -> Masks | None:
    """The masks of a data set of which a record names a picture ``image``; None where they are not at hand.

    ``pictures`` is the folder that records' paths start from. The data folder is the first part of such a path; of a
    rendered picture it is not known.
    """
    from medmat_core.folders import open_tree
    from medmat_core.images.rendering import rendered_name
    from medmat_core.pipeline.adapter import AdapterRun
    from medmat_core.pipeline.finished import rendered_folder
    from medmat_core.pipeline.options import TIMEOUT

    dataset = next((dataset for dataset in catalog.datasets if dataset.slug == slug), None)
    data = pictures / image.partition("/")[0]
    if dataset is None or not data.is_dir():
        return None
    tree = open_tree(dataset.card.head, data)
    if tree is None:
        return None
    prefix = f"{data.name}/{tree.base.relative_to(data).as_posix()}/{tree.prefix}"
    samples: dict[str, MaskSample] = {}
    for sample in AdapterRun(dataset, tree, TIMEOUT):
        if isinstance(sample, MaskSample):
            if not isinstance(sample.image, Slice):
                samples[prefix + sample.image] = sample
            samples[rendered_folder(slug) + rendered_name(sample.image)] = sample
    return Masks(dataset.card, tree.root, catalog.modules_with("medmat_regions"), samples) if samples else None


def _cut(
    mask: npt.NDArray[np.uint8], caption: str, boxes: Iterable[PixelBox], before: tuple[int, int], size: tuple[int, int]
) -> list[Segment]:
    """The connected regions of a class whose boxes the record names, in the picture of the new size."""
    import cv2

    wanted = set(boxes)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((mask != 0).view(np.uint8), connectivity=8)
    largest: dict[PixelBox, int] = {}
    for number, (x, y, width, height, area) in enumerate(stats.tolist()):
        box = (x, y, x + width, y + height)
        # 0 is what lies outside; of regions inside one another that share a box the larger one is meant
        if number and box in wanted and (box not in largest or area > stats[largest[box]][4]):
            largest[box] = number
    found = []
    for box, number in largest.items():
        own: npt.NDArray[Any] = (labels == number).view(np.uint8)
        if before != size:
            own = cv2.resize(own, size, interpolation=cv2.INTER_NEAREST)
        counts = runs(own)
        if len(counts) > 1:
            found.append(Segment(caption, scaled(box, before, size), counts, sum(counts[1::2])))
    return found


def runs(mask: npt.NDArray[Any]) -> tuple[int, ...]:
    """The runs of a mask, column by column; the first is of zeros and may be empty."""
    flat = np.asarray(mask != 0).ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    cuts = np.concatenate(([0], edges, [flat.size]))
    lengths: list[int] = np.diff(cuts).tolist()
    return tuple([0, *lengths] if flat[0] else lengths)
