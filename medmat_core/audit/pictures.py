"""Pictures of a whole build beside one another: equal files, equal pixels, near copies. With --data only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from medmat_core.audit.faults import Fault
from medmat_core.audit.place import PARTS, RENDERED, records_at
from medmat_core.audit.seen import across
from medmat_core.audit.subsets import Gone
from medmat_core.audit.unit import Unit
from medmat_core.fileio import sha256_of
from medmat_core.images.near import near_pairs
from medmat_core.splits.ledger import repeats


@frozen(eq=False)
class Wall:
    """Every picture that records ask about, once: ``owner`` is a place in ``units``, ``row`` its first row there.

    ``marks`` are equal for files that may be equal, ``pixels`` for pictures that decode alike, ``near`` are perceptual
    hashes; 0 is nothing.
    """

    units: Sequence[Unit]
    owner: Any
    row: Any
    part: Any
    marks: Any
    near: Any
    pixels: Any

    @classmethod
    def of(cls, units: Mapping[str, Unit]) -> Wall:
        """All pictures of the data sets whose truth is known."""
        hung = [unit for unit in units.values() if unit.truth is not None and len(unit.seen)]
        columns: list[list[Any]] = [[np.empty(0, np.int64)] for _ in range(6)]
        for owner, unit in enumerate(hung):
            truth, rows = unit.truth, unit.seen.rows
            assert truth is not None
            images, first = np.unique(rows["image"], return_index=True)
            places = np.array([truth.place(image) for image in images.tolist()], np.int64)
            first, places = first[places >= 0], places[places >= 0]
            values = [np.full(len(first), owner), first, rows["part"][first]]
            for column in (truth.ledger.marks, truth.hashes.near, truth.hashes.alike):
                known = np.frombuffer(column, np.uint64) if column else np.zeros(len(truth.images), np.uint64)
                values.append(known[places])
            for found, value in zip(columns, values, strict=True):
                found.append(value)
        return cls(hung, *(np.concatenate(some[1:] or some) for some in columns))

    def fault(self, place: int, name: str, sentence: str) -> Fault:
        """A fault of the record that first asks about a picture."""
        return self._unit(place).seen.fault(int(self.row[place]), name, sentence)

    def _unit(self, place: int) -> Unit:
        return self.units[int(self.owner[place])]

    # -- equal files ----------------------------------------------------------------------------------------------

    def equal(self, gone: Gone, pictures: Path, out: Path) -> Iterator[tuple[Unit, Fault]]:
        """Pictures of equal bytes: in two parts, or asked about twice where once was promised."""
        candidates = repeats(self.marks)
        images = self._images([place for places in candidates for place in places])
        for places in candidates:
            by_digest: dict[str, list[int]] = {}
            for place in places:
                image = images.get(place, "")
                try:
                    digest = sha256_of((out if image.startswith(f"{RENDERED}/") else pictures) / image)
                except (OSError, ValueError):
                    continue
                for other in by_digest.setdefault(digest, []):
                    weak, strong = sorted((place, other), key=lambda place: (int(self.part[place]), place))
                    for name, what in self._same(weak, strong, images, gone):
                        same = f"its bytes are those of {images[strong]} of data set {self._unit(strong).name}"
                        yield self._unit(weak), self.fault(weak, name, f"{same}, {what}")
                by_digest[digest].append(place)

    def _same(self, weak: int, strong: int, images: Mapping[int, str], gone: Gone) -> Iterator[tuple[str, str]]:
        """(fault, what is wrong) of two pictures of equal bytes."""
        mine, theirs = self._unit(weak), self._unit(strong)
        within, same_label = mine is theirs, self._stated(weak) == self._stated(strong)
        if not within and any(images[p] in gone.get(self._unit(p).name, ()) for p in (weak, strong)):
            return
        if self.part[weak] != self.part[strong] and (within or all(map(self._has_options, (weak, strong)))):
            yield "picture_leak", f"which is {PARTS[int(self.part[strong])]}"
        if within and not same_label:
            yield "contradictory_picture", "of another label"
        elif within and self.part[weak] == self.part[strong]:
            yield "duplicate_record", "which is asked about as well"
        elif not within and same_label and mine.subset == theirs.subset:
            yield "subset_copy", "with the same label"

    def _stated(self, place: int) -> list[str]:
        unit = self._unit(place)
        assert unit.truth is not None
        at = unit.truth.place(int(unit.seen.rows["image"][self.row[place]]))
        return sorted(unit.truth.ledger.label_sets[unit.truth.ledger.labels[at]][0])

    def _has_options(self, place: int) -> bool:
        """Whether a picture has a question with options: only those stand in subset files."""
        rows = self._unit(place).seen.rows
        return bool((rows["size"][rows["image"] == rows["image"][self.row[place]]] > 0).any())

    def _images(self, places: Sequence[int]) -> dict[int, str]:
        """The names of pictures, read again from the record files."""
        wanted: dict[Path, dict[int, int]] = {}
        for place in places:
            unit = self._unit(place)
            row = unit.seen.rows[self.row[place]]
            wanted.setdefault(unit.records[int(row["part"])].path, {})[int(row["line"])] = place
        return {
            lines[number]: record.image
            for path, lines in wanted.items()
            for number, record in records_at(path, lines.keys()).items()
        }

    # -- near copies ------------------------------------------------------------------------------------------------

    def nearby(self, *, opened: bool) -> Iterator[Fault]:
        """Pictures of two parts that decode alike, though their files differ (``opened``: equal files were told);
        near copies between parts, of one data set or of two, and between data sets in one part."""
        for weak, strong in across(self.pixels, self.part):
            if not opened or self.marks[weak] != self.marks[strong]:
                yield self.fault(weak, "alike_leak", self._beside(strong, "decodes to the pixels of"))
        for name, mine, theirs in self._sides():
            for one, two, bits in near_pairs(self.near[mine], self.near[theirs]):
                a, b = int(mine[one]), int(theirs[two])
                if self.pixels[a] != self.pixels[b]:
                    yield self.fault(a, name, self._beside(b, f"differs in {bits} of 64 bits from"))

    def _sides(self) -> Iterator[tuple[str, Any, Any]]:
        for weak in range(len(PARTS) - 1):
            yield "near_leak", np.flatnonzero(self.part == weak), np.flatnonzero(self.part > weak)
        for part in range(len(PARTS)):
            for owner in range(1, len(self.units)):
                mine = np.flatnonzero((self.part == part) & (self.owner == owner))
                yield "near_copy", mine, np.flatnonzero((self.part == part) & (self.owner < owner))

    def _beside(self, place: int, what: str) -> str:
        unit = self._unit(place)
        file, line = unit.seen.where(int(self.row[place]))
        return f"it {what} the picture of {file}:{line} ({PARTS[int(self.part[place])]} of data set {unit.name})"
