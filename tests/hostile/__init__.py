"""Cases of hostile input, as data: how each is built, and what has to come of it. ``docs/reference/hostile.md`` is made
of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tests.hostile import adapters, conduct, inputs, labels, pictures, places
from tests.hostile.case import Case

AREAS: Final[Mapping[str, Sequence[Case]]] = {
    "Plugins": (*adapters.CASES, *conduct.CASES),
    "Label files, boxes, links, names, volumes": inputs.CASES,
    "Tables, JSON, COCO, VOC, YOLO": labels.CASES,
    "Names, folders and what a card looks for": places.CASES,
    "Pictures, films, volumes and masks in a data set": pictures.CASES,
}
CASES: Final = tuple(case for cases in AREAS.values() for case in cases)
