"""What of the target's test part stands in the sources of a mixture: groups, equal pictures, near copies.

A record that leaks is left out of every mixture together with its round; each picture is told in the manifest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from attrs import define, field

from medmat_core.fileio import check_regular, sha256_of
from medmat_core.images import PictureError
from medmat_core.images.near import near_pairs, perceptual
from medmat_core.model import Record
from medmat_core.records import Built


@define
class Leaks:
    """Of each picture of the sources that leaks: why (``group``, ``equal``, ``near``) and the test picture.

    ``unseen`` counts pictures that are not on disk, so that their bytes could not be compared.
    """

    built: Built
    near: bool = False
    found: dict[str, tuple[str, str]] = field(factory=dict)
    unseen: int = 0
    _groups: dict[str, str] = field(factory=dict)
    _sizes: defaultdict[int, list[str]] = field(factory=lambda: defaultdict(list))
    _digests: dict[str, str] = field(factory=dict)
    _tests: list[str] = field(factory=list)

    def test(self, records: Iterable[Record]) -> None:
        """Learn the target's test part."""
        seen = set()
        for record in records:
            if record.group:
                self._groups.setdefault(record.group, record.image)
            if record.image not in seen:
                seen.add(record.image)
                size = self._size(record.image)
                if size is not None:
                    self._sizes[size].append(record.image)
                    self._tests.append(record.image)

    def train(self, records: Iterable[Record]) -> None:
        """Look through sources."""
        looked: set[str] = set()
        for record in records:
            if record.image in self.found:
                continue
            if record.group and record.group in self._groups:
                self.found[record.image] = ("group", self._groups[record.group])
            elif record.image not in looked:
                looked.add(record.image)
                other = self._equal(record.image)
                if other:
                    self.found[record.image] = ("equal", other)
        if self.near:
            self._near(sorted(looked - self.found.keys()))

    def clean(self, records: Iterable[Record]) -> list[Record]:
        """The records that leak nothing, less those whose round lost a picture."""
        kept = list(records)
        torn = {(record.slug, record.round) for record in kept if record.round and record.image in self.found}
        return [r for r in kept if r.image not in self.found and (r.slug, r.round) not in torn]

    def counts(self) -> dict[str, int]:
        """Pictures by why they leak."""
        return dict(sorted(Counter(why for why, _ in self.found.values()).items()))

    def _path(self, image: str) -> Path:
        return self.built.path_of(image)

    def _size(self, image: str) -> int | None:
        try:
            return check_regular(self._path(image))
        except OSError:
            self.unseen += 1
            return None

    def _digest(self, image: str) -> str:
        if image not in self._digests:
            try:
                self._digests[image] = sha256_of(self._path(image))
            except OSError:
                self.unseen += 1
                self._digests[image] = ""
        return self._digests[image]

    def _equal(self, image: str) -> str:
        """The test picture of the same bytes; "" where there is none. Only what has a test picture's size is read."""
        size = self._size(image)
        alike = self._sizes.get(size, ()) if size is not None else ()
        own = self._digest(image) if alike else ""
        return next((other for other in alike if own and own == self._digest(other)), "")

    def _near(self, images: list[str]) -> None:
        marks = np.array([self._mark(image) for image in images], np.uint64)
        tests = np.array([self._mark(image) for image in self._tests], np.uint64)
        if len(marks) and len(tests):
            for one, other, _ in near_pairs(marks, tests):
                self.found[images[one]] = ("near", self._tests[other])

    def _mark(self, image: str) -> int:
        from medmat_core.images.pixels import load_array

        try:
            return perceptual(load_array(self._path(image), None, role="image"))
        except PictureError:
            return 0
