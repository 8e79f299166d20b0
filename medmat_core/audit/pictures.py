"""Pictures of a whole build beside one another: equal files, equal pixels, near copies. With --data only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, combinations
from pathlib import Path
from typing import Any, Final

import numpy as np
from attrs import frozen

from medmat_core.audit.faults import Fault
from medmat_core.audit.place import PARTS, RENDERED, records_at
from medmat_core.audit.seen import across
from medmat_core.audit.subsets import Gone
from medmat_core.audit.truth import Truth
from medmat_core.audit.unit import Unit
from medmat_core.fileio import sha256_of
from medmat_core.images.near import near_pairs
from medmat_core.splits.ledger import repeats

_PICTURE: Final = np.dtype([
    ("owner", "<u4"), ("at", "<u4"), ("row", "<u4"), ("part", "<u1"), ("marks", "<u8"), ("near", "<u8"),
    ("pixels", "<u8"),
])  # fmt: skip


@frozen(eq=False)
class Wall:
    """Every picture that records ask about, once, a row each: ``owner`` is a place in ``units`` and ``truths``, ``row``
    its first row in the one, ``at`` its place in the other, ``part`` a place in PARTS; ``marks`` are equal for files
    that may be equal, ``pixels`` for pictures that decode alike, ``near`` are perceptual hashes; 0 is nothing."""

    units: Sequence[Unit]
    truths: Sequence[Truth]
    rows: Any

    @classmethod
    def of(cls, units: Mapping[str, Unit]) -> Wall:
        """All pictures of the data sets whose truth is known."""
        hung = [(unit, unit.truth) for unit in units.values() if unit.truth is not None and len(unit.seen)]
        found = [np.empty(0, _PICTURE)]
        for owner, (unit, truth) in enumerate(hung):
            images, first = np.unique(unit.seen.rows["image"], return_index=True)
            places = np.array([truth.place(image) for image in images.tolist()], np.int64)
            first, places = first[places >= 0], places[places >= 0]
            rows, hashes = np.zeros(len(first), _PICTURE), truth.hashes
            rows["owner"], rows["at"], rows["row"], rows["part"] = owner, places, first, unit.seen.rows["part"][first]
            for name, column in (("marks", truth.ledger.marks), ("near", hashes.near), ("pixels", hashes.alike)):
                if column:
                    rows[name] = np.frombuffer(column, np.uint64)[places]
            found.append(rows)
        return cls([unit for unit, _ in hung], [truth for _, truth in hung], np.concatenate(found))

    def fault(self, place: int, name: str, sentence: str) -> Fault:
        return self._unit(place).seen.fault(int(self.rows["row"][place]), name, sentence)

    def _unit(self, place: int) -> Unit:
        return self.units[int(self.rows["owner"][place])]

    def equal(self, gone: Gone, pictures: Path, out: Path) -> Iterator[tuple[Unit, Fault]]:
        """Pictures of equal bytes: in two parts, or asked about twice where once was promised."""
        candidates = repeats(self.rows["marks"])
        images = self._images([place for places in candidates for place in places])
        for places in candidates:
            by_digest: dict[str, list[int]] = defaultdict(list)
            for place in sorted(places, key=lambda place: (self.rows["part"][place], place)):
                image = images.get(place, "")
                with suppress(OSError, ValueError):
                    by_digest[sha256_of((out if image.startswith(f"{RENDERED}/") else pictures) / image)].append(place)
            for weak, strong in chain.from_iterable(combinations(equal, 2) for equal in by_digest.values()):
                same = f"its bytes are those of {images[strong]} of data set {self._unit(strong).name}"
                for name, what in self._same(weak, strong, images, gone):
                    yield self._unit(weak), self.fault(weak, name, f"{same}, {what}")

    def _same(self, weak: int, strong: int, images: Mapping[int, str], gone: Gone) -> Iterator[tuple[str, str]]:
        """(fault, what is wrong) of two pictures of equal bytes."""
        one, two = self.rows[weak], self.rows[strong]
        within, one_part = one["owner"] == two["owner"], one["part"] == two["part"]
        if not within and any(images[place] in gone.get(self._unit(place).name, ()) for place in (weak, strong)):
            return
        if not one_part and (within or (self._has_options(weak) and self._has_options(strong))):
            yield "picture_leak", f"which is {PARTS[two['part']]}"
        mine, theirs = self.truths[one["owner"]], self.truths[two["owner"]]
        same_label = mine.stated(one["at"]) == theirs.stated(two["at"])
        if within and not same_label:
            yield "contradictory_picture", "of another label"
        elif within and one_part:
            yield "duplicate_record", "which is asked about as well"
        elif not within and same_label and mine.home.card.subset == theirs.home.card.subset:
            yield "subset_copy", "with the same label"

    def _has_options(self, place: int) -> bool:
        """Whether a picture has a question with options: only those stand in subset files."""
        rows = self._unit(place).seen.rows
        return bool((rows["size"][rows["image"] == rows["image"][self.rows["row"][place]]] > 0).any())

    def _images(self, places: Sequence[int]) -> dict[int, str]:
        """The names of pictures, read again from the record files."""
        wanted = {}
        for place in places:
            unit = self._unit(place)
            row = unit.seen.rows[self.rows["row"][place]]
            wanted[unit.records[int(row["part"])].path, int(row["line"])] = place
        return {wanted[where]: record.image for where, record in records_at(wanted.keys()).items()}

    def nearby(self, *, opened: bool) -> Iterator[Fault]:
        """Pictures of two parts that decode alike, though their files differ (``opened``: equal files were told);
        near copies between parts, of one data set or of two, and between data sets in one part."""
        for weak, strong in across(self.rows["pixels"], self.rows["part"]):
            if not opened or self.rows["marks"][weak] != self.rows["marks"][strong]:
                yield self.fault(weak, "alike_leak", self._beside(strong, "decodes to the pixels of"))
        parts, owners = self.rows["part"], self.rows["owner"]
        sides = [("near_leak", parts == weak, parts > weak) for weak in range(len(PARTS) - 1)]
        between = (("near_copy", (parts == part) & (owners == owner), (parts == part) & (owners < owner))
                   for part in range(len(PARTS)) for owner in range(1, len(self.units)))  # fmt: skip
        for name, weak, strong in chain(sides, between):
            mine, theirs = np.flatnonzero(weak), np.flatnonzero(strong)
            for one, two, bits in near_pairs(self.rows["near"][mine], self.rows["near"][theirs]):
                a, b = int(mine[one]), int(theirs[two])
                if self.rows["pixels"][a] != self.rows["pixels"][b]:
                    yield self.fault(a, name, self._beside(b, f"differs in {bits} of 64 bits from"))

    def _beside(self, place: int, what: str) -> str:
        unit = self._unit(place)
        file, line = unit.seen.where(int(self.rows["row"][place]))
        return f"it {what} the picture of {file}:{line} ({PARTS[self.rows['part'][place]]} of data set {unit.name})"
