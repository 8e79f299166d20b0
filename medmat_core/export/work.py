"""What a worker does: pictures get their place, and records become the items of every format."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from attrs import evolve, field, frozen

from medmat_core.export.masks import Masks
from medmat_core.export.moved import moved
from medmat_core.export.pictures import Made, Rules, UnusableError, export_picture
from medmat_core.formats.protocol import Format, Item, Picture, Told
from medmat_core.model import Record


@frozen
class Job:
    """What all tasks of an export share."""

    formats: tuple[tuple[Format, Told], ...]
    rules: Rules
    out: Path
    pictures: Path

    def source(self, image: str) -> Path:
        """A record's picture on disk, as :meth:`medmat_core.records.Built.path_of` finds it."""
        return (self.out if image.startswith("rendered/") else self.pictures) / image

    def packed(self) -> bytes:
        """As bytes, so that a worker unpacks them once."""
        return pickle.dumps(self, protocol=pickle.HIGHEST_PROTOCOL)


@frozen
class Refused:
    """A record that the export leaves out: its key, its picture, and why."""

    key: str
    image: str
    why: str


@frozen
class Done:
    """What became of a batch of records: items for each format (with the place of the record in the batch), pictures
    in their order, what was refused, and how many records a format does not take."""

    items: tuple[tuple[tuple[int, Item], ...], ...]
    pictures: dict[str, Picture]
    anew: tuple[tuple[str, str, tuple[str, ...]], ...]
    refused: tuple[Refused, ...]
    passed: Counter[str] = field(factory=Counter)


Task = tuple[bytes, Sequence[Record], Sequence[Sequence[bool]], Masks | None]
"""(the job, records, for each format whether it is given the record, the masks of their pictures)"""


@lru_cache(maxsize=2)
def _job(raw: bytes) -> Job:
    job: Job = pickle.loads(raw)
    return job


def work(task: Task) -> Done:
    """One batch; records of one picture lie together."""
    raw, records, given, masks = task
    job = _job(raw)
    items: list[list[tuple[int, Item]]] = [[] for _ in job.formats]
    pictures: dict[str, Picture] = {}
    anew: dict[str, tuple[str, str, tuple[str, ...]]] = {}
    refused: list[Refused] = []
    passed: Counter[str] = Counter()
    last: tuple[str, Made | str] = ("", "")
    for place, record in enumerate(records):
        if record.image != last[0]:
            last = (record.image, _made(job, record, masks))
        made = last[1]
        if isinstance(made, str):
            refused.append(Refused(record.key, record.image, made))
            continue
        picture = made.picture
        pictures[picture.image] = picture
        if made.why:
            anew[picture.image] = (record.image, picture.image, made.why)
        try:
            here = moved(record, made, job.formats[0][1].boxes)
            own = [
                [Item(body, picture.image) for body in format_.items(here, picture, told)]
                if given[number][place] and format_.takes(here, told)
                else None
                for number, (format_, told) in enumerate(job.formats)
            ]
        except (UnusableError, ValueError) as error:
            refused.append(Refused(record.key, record.image, str(error)))
            continue
        for number, made_items in enumerate(own):
            if made_items is None:
                passed[job.formats[number][0].name] += given[number][place]
            else:
                items[number] += [(place, item) for item in made_items]
    return Done(tuple(map(tuple, items)), pictures, tuple(anew.values()), tuple(refused), passed)


def _made(job: Job, record: Record, masks: Masks | None) -> Made | str:
    try:
        made = export_picture(job.source(record.image), record.image, job.rules)
    except UnusableError as error:
        return str(error)
    if masks is None or not record.boxes:
        return made
    size = (made.picture.width, made.picture.height)
    return evolve(made, picture=evolve(made.picture, segments=masks.segments(record, made.before, size)))
