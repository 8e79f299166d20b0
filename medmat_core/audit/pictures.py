"""Pictures of a whole build beside one another: equal files, equal pixels, near copies. With --data only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from medmat_core.audit.place import PARTS, File
from medmat_core.audit.seen import across, runs
from medmat_core.audit.unit import Unit
from medmat_core.fileio import sha256_of
from medmat_core.images.near import near_pairs
from medmat_core.records import RecordError, read_lines

Found = tuple[str, str, str, int]
"""(fault, sentence, data set, row)."""


@frozen(eq=False)
class Wall:
    """Every picture that records ask about, once: its data set, its first row, its part and what is known of it."""

    units: Mapping[str, Unit]
    names: list[str]
    owner: Any
    row: Any
    part: Any
    marks: Any
    near: Any
    pixels: Any

    @classmethod
    def of(cls, units: Mapping[str, Unit]) -> Wall:
        """All pictures of the data sets whose truth is known."""
        names = [name for name, unit in units.items() if unit.truth is not None and len(unit.seen)]
        columns: list[list[Any]] = [[] for _ in range(6)]
        for owner, name in enumerate(names):
            unit = units[name]
            truth, seen = unit.truth, unit.seen
            assert truth is not None
            images, first = np.unique(seen.column("images"), return_index=True)
            places = np.array([truth.place(int(image)) for image in images], np.int64)
            first, places = first[places >= 0], places[places >= 0]

            values = [np.full(len(first), owner), first, seen.column("parts")[first]]
            for column in (truth.ledger.marks, truth.hashes.near, truth.hashes.alike):
                known = np.frombuffer(column, np.uint64) if len(column) else np.zeros(len(truth.images), np.uint64)
                values.append(known[places])
            for found, value in zip(columns, values, strict=True):
                found.append(value)
        joined = [np.concatenate(some) if some else np.empty(0, np.uint64) for some in columns]
        return cls(units, names, *joined)

    def where(self, place: int) -> tuple[str, int]:
        """Data set and row of a picture."""
        return self.names[int(self.owner[place])], int(self.row[place])

    # -- equal files ----------------------------------------------------------------------------------------------

    def equal(self, gone: Mapping[str, set[str]], pictures: Path, out: Path) -> Iterator[Found]:
        """Pictures of equal bytes: in two parts, or asked about twice where once was promised."""
        candidates = list(runs(self.marks))
        images = self._images([int(place) for places in candidates for place in places])
        left_out = {(name, image) for name, several in gone.items() for image in several}
        for places in candidates:
            by_digest: dict[str, list[int]] = {}
            for place in map(int, places):
                image = images.get(place, "")
                try:
                    digest = sha256_of((out if image.startswith("rendered/") else pictures) / image)
                except (OSError, ValueError):
                    continue
                by_digest.setdefault(digest, []).append(place)
            for same in by_digest.values():
                yield from self._same(same, images, left_out)

    def _same(
        self, places: Sequence[int], images: Mapping[int, str], left_out: set[tuple[str, str]]
    ) -> Iterator[Found]:
        for at, one in enumerate(places):
            for two in places[:at]:
                mine, theirs = self.where(one)[0], self.where(two)[0]
                across_sets = mine != theirs
                if across_sets and ((mine, images[one]) in left_out or (theirs, images[two]) in left_out):
                    continue
                weak, strong = sorted((one, two), key=lambda place: (int(self.part[place]), place))
                other = f"{images[strong]} of data set {self.where(strong)[0]}"
                labels = [self._labels(place) for place in (weak, strong)]
                if self.part[weak] != self.part[strong] and (not across_sets or self._in_subsets(weak, strong)):
                    part = PARTS[int(self.part[strong])]
                    yield "picture_leak", f"its bytes are those of {other}, which is {part}", *self.where(weak)
                if not across_sets and labels[0] != labels[1]:
                    yield (
                        "contradictory_picture",
                        f"its bytes are those of {other}, of another label",
                        *self.where(weak),
                    )
                elif not across_sets and self.part[weak] == self.part[strong]:
                    yield (
                        "duplicate_record",
                        f"its bytes are those of {other}, which is asked about as well",
                        *self.where(weak),
                    )
                elif across_sets and self._subset(weak) == self._subset(strong) and labels[0] == labels[1]:
                    yield "subset_copy", f"its bytes are those of {other}, with the same label", *self.where(weak)

    def _labels(self, place: int) -> object:
        name, row = self.where(place)
        unit = self.units[name]
        assert unit.truth is not None
        at = unit.truth.place(unit.seen.images[row])
        stated = unit.truth.ledger.label_sets[unit.truth.ledger.labels[at]][0]
        return tuple(sorted(stated))

    def _subset(self, place: int) -> int:
        home = self.units[self.where(place)[0]].home
        return home.card.subset if home is not None else 0

    def _in_subsets(self, *places: int) -> bool:
        """Whether all have a question with options: only those stand in subset files."""
        for place in places:
            name, row = self.where(place)
            seen = self.units[name].seen
            same = seen.column("images") == np.uint64(seen.images[row])
            if not (seen.column("sizes")[same] > 0).any():
                return False
        return True

    def _images(self, places: Sequence[int]) -> dict[int, str]:
        """The names of pictures, read again from the record files."""
        wanted: dict[str, dict[int, list[int]]] = {}
        files: dict[str, File] = {}
        for place in places:
            name, row = self.where(place)
            unit = self.units[name]
            file = unit.records[unit.seen.parts[row]]
            files[file.shown] = file
            wanted.setdefault(file.shown, {}).setdefault(int(unit.seen.lines[row]), []).append(place)
        found: dict[int, str] = {}
        for shown, lines in wanted.items():
            try:
                for line in read_lines(files[shown].path):
                    for place in lines.get(line.number, ()):
                        found[place] = line.record.image if line.record is not None else ""
            except RecordError:
                continue
        return found

    # -- near copies ------------------------------------------------------------------------------------------------

    def alike(self) -> Iterator[Found]:
        """Pictures of two parts that decode to the same pixels, though their files differ."""
        for weak, strong in across(self.pixels, self.part):
            if self.marks[weak] != self.marks[strong] or not self.marks[weak]:
                yield "alike_leak", self._beside(strong, "decodes to the pixels of"), *self.where(weak)

    def nearby(self) -> Iterator[Found]:
        """Near copies between parts, of one data set or of two, and between data sets in one part."""
        for name, weak, strong in self._sides():
            for one, two, bits in near_pairs(self.near[weak], self.near[strong]):
                a, b = int(weak[one]), int(strong[two])
                if self.pixels[a] != self.pixels[b]:
                    yield name, self._beside(b, f"differs in {bits} of 64 bits from"), *self.where(a)

    def _sides(self) -> Iterator[tuple[str, Any, Any]]:
        for weak in range(len(PARTS) - 1):
            yield "near_leak", np.flatnonzero(self.part == weak), np.flatnonzero(self.part > weak)
        for part in range(len(PARTS)):
            for owner in range(1, len(self.names)):
                mine = np.flatnonzero((self.part == part) & (self.owner == owner))
                yield "near_copy", mine, np.flatnonzero((self.part == part) & (self.owner < owner))

    def _beside(self, place: int, what: str) -> str:
        name, row = self.where(place)
        file, line = self.units[name].where(row)
        return f"it {what} the picture of {file}:{line} ({PARTS[int(self.part[place])]} of data set {name})"
