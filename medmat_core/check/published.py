"""Med-MAT's published files as the one outside oracle: paths, labels, options and numbers of records, row by row.

Three forms were published. ``ori--NN`` and ``Subset--NN`` hold records with paths; the newer ``Subset-NN`` holds
question, choices and caption, but neither paths nor row numbers, so that only captions and options can be compared.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from attrs import Factory, asdict, define, frozen

from medmat_core.card import Card
from medmat_core.concepts import fold
from medmat_core.dataset import Dataset
from medmat_core.errors import PluginError, UsageError
from medmat_core.folders import open_tree
from medmat_core.images.suffixes import IMAGE_SUFFIXES
from medmat_core.model import LabelSample, Problem, file_of
from medmat_core.pipeline.adapter import AdapterRun
from medmat_core.pipeline.options import TIMEOUT
from medmat_core.splits.published import TRAIN_SHARE
from medmat_core.tree import Tree

Kind = Literal["other label", "only published", "other wording", "mask shown as picture", "unknown option"]
FAULTS: Final[tuple[Kind, ...]] = ("other label", "only published")
"""Kinds of differences that the card does not account for."""

_BELOW: Final = re.compile(r"(?:^|/)med-mat/[^/]+/(.+)$", re.DOTALL)
_JOINTS: Final = re.compile(r"\s*[,;]\s*")


@frozen
class Difference:
    """One picture (or, without paths, one text) on which the published file and the data set here differ."""

    kind: Kind
    image: str
    published: str = ""
    here: str = ""

    def __str__(self) -> str:
        if not self.here:
            return f"{self.image}: {self.published!r}" if self.published else self.image
        return f"{self.image}: {self.published!r} published, {self.here!r} here"


@define
class Comparison:
    """What comparing found.

    ``records`` are those of this data set in the files (of the whole subset, where they do not say whose they are);
    ``expected`` is floor(0.85 n) of the ``pictures`` n here, masks that were shown as pictures among them. ``same``
    agree in path and label, ``unseen`` pictures here are not in the files, as 15 % must be. ``captions`` maps each
    caption to (records, pictures here) where the files hold no paths.
    """

    paths: bool
    records: int = 0
    pictures: int = 0
    same: int = 0
    unseen: int = 0
    differences: list[Difference] = Factory(list)
    captions: dict[str, tuple[int, int]] = Factory(dict)
    foreign: int = 0

    @property
    def expected(self) -> int:
        """Records that the published rule gives."""
        return int(TRAIN_SHARE * self.pictures)

    @property
    def agrees(self) -> bool:
        """Nothing differs that the card does not account for, and something is of this data set."""
        return self.records > self.foreign and not any(difference.kind in FAULTS for difference in self.differences)

    @property
    def kinds(self) -> list[Kind]:
        """The kinds of differences found, faults first."""
        every = dict.fromkeys(difference.kind for difference in self.differences)
        return sorted(every, key=lambda kind: (kind not in FAULTS, kind))

    def of(self, kind: Kind) -> list[Difference]:
        """The differences of one kind."""
        return [difference for difference in self.differences if difference.kind == kind]

    def summary(self) -> Iterator[str]:
        """The result in a few lines."""
        if self.paths:
            counts = Counter(difference.kind for difference in self.differences)
            wording = counts["other wording"]
            yield (
                f"{self.same + wording} pictures agree, {wording} of them in other words"
                if wording
                else (f"{self.same} pictures agree")
            )
            for kind in self.kinds:
                if kind != "other wording":
                    known = " (a known fault of the file)" if kind == "mask shown as picture" else ""
                    yield f"{counts[kind]} {kind}{known}"
            yield f"{self.unseen} pictures here are not in the files (no test file was published)"
            how = "equal" if self.records == self.expected else f"{self.records - self.expected:+d}"
            yield f"{self.records} records; floor({TRAIN_SHARE} x {self.pictures}) = {self.expected}: {how}"
        else:
            yield f"{self.records} records of a file without paths; only captions and options can be compared"
            for caption, (records, pictures) in self.captions.items():
                share = f", {records / pictures:.0%}" if pictures else ""
                yield f"    {caption}: {records} records, {pictures} pictures here{share}"
            yield f"{self.foreign} records are of other data sets of the subset, by their captions"

    def as_json(self) -> dict[str, Any]:
        return {
            "paths": self.paths, "same": self.same, "records": self.records, "pictures": self.pictures,
            "expected": self.expected, "unseen": self.unseen, "captions": self.captions, "foreign": self.foreign,
            "agrees": self.agrees, "differences": [asdict(difference) for difference in self.differences],
        }  # fmt: skip


# -- the files --------------------------------------------------------------------------------------------


def read_published(file: Path) -> list[dict[str, Any]]:
    """The records of a published file of any form; :class:`UsageError` if it is none."""
    try:
        records = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{file}: not valid JSON: {error}; download the file again") from error
    if not isinstance(records, list) or not all(
        isinstance(r, dict) and isinstance(r.get("image"), str) and isinstance(r.get("caption"), str) for r in records
    ):
        raise UsageError(f"{file}: not a Med-MAT file: a list of records with image and caption is expected")
    return records


def _is_new(record: Mapping[str, Any]) -> bool:
    return "choices" in record and "data-no" not in record


def below_folder(image: str) -> str:
    """A published path below its data set's folder: what follows ``med-mat/<any folder>/``, '/' separators."""
    path = image.replace("\\", "/")
    found = _BELOW.search(path)
    return found[1] if found else path


# -- comparing --------------------------------------------------------------------------------------------


def compare_published(
    dataset: Dataset, data: Path, files: Sequence[Path], members: Iterable[Dataset] = ()
) -> Comparison:
    """Compare published files with what the adapter reads under ``data``.

    Records of other data sets are left out by their ``data-no``. Paths are compared below the data set's folder,
    whatever it was called, and then without outer folders of the archive. Labels are compared as sets: by our captions
    or by Med-MAT's wording (``[published] captions``), which is "other wording"; anything else is "other label".
    ``members`` are the data sets of its subset, whose labels are options, too.
    """
    tree = open_tree(dataset.card.head, data)
    if tree is None:
        raise UsageError(f"no folder {dataset.card.folder!r} under {data}; `medmat check {dataset.number}` tells more")
    here: dict[str, tuple[str, ...] | None] = {}
    run = AdapterRun(dataset, tree, TIMEOUT)
    for item in run:
        if not isinstance(item, Problem):
            here[fold_path(file_of(item.image))] = item.stated if isinstance(item, LabelSample) else None
    if run.failure:
        raise PluginError(run.failure)
    records = [record for file in files for record in read_published(file)]
    if any(map(_is_new, records)):
        if not all(map(_is_new, records)):
            raise UsageError("files with paths and files without cannot be compared together; give one form")
        return _by_captions(dataset.card, records, here, members)
    own = [r for r in records if str(r.get("data-no", dataset.number)).lstrip("0") == dataset.number]
    if not own:
        raise UsageError(f"no record of {files[0]} is of data set {dataset.number}; look at its key data-no")
    return _by_paths(dataset.card, tree, own, here)


def _by_paths(
    card: Card, tree: Tree, records: Iterable[Mapping[str, Any]], here: Mapping[str, tuple[str, ...] | None]
) -> Comparison:
    mistaken = sum(_is_mistaken(card, path) for path in Tree(tree.base).files("", IMAGE_SUFFIXES))
    found = Comparison(paths=True, pictures=len(here) + mistaken)
    words = Words.of(card)
    prefix = fold_path(tree.prefix)
    met: set[str] = set()
    for record in records:
        found.records += 1
        image, caption = record["image"], record["caption"]
        place = _place(fold_path(below_folder(image)), here, prefix)
        if place is None:
            kind: Kind = "mask shown as picture" if _is_mistaken(card, image) else "only published"
            found.differences.append(Difference(kind, image, caption))
            continue
        met.add(place)
        codes = here[place]
        differs = words.differs(caption, codes) if codes is not None else None
        if differs is None:
            found.same += 1
        else:
            told = "; ".join(card.labels.get(code, code) for code in codes or ())
            found.differences.append(Difference(differs, image, caption, told))
    found.unseen = len(here) - len(met)
    return found


def _place(path: str, here: Mapping[str, Any], prefix: str) -> str | None:
    """The picture here that a published path means: with the outer folders as they are here, else with fewer."""
    own = path.removeprefix(prefix)
    if path.startswith(prefix) and own in here:
        return own
    parts = path.split("/")
    return next((tail for start in range(len(parts)) if (tail := "/".join(parts[start:])) in here), None)


def _is_mistaken(card: Card, path: str) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in card.published.mistaken)


@frozen
class Words:
    """A card's captions and Med-MAT's wording, folded, by code."""

    own: Mapping[str, str]
    theirs: Mapping[str, str]

    @classmethod
    def of(cls, card: Card) -> Words:
        own = {code: fold(caption) for code, caption in card.labels.items()}
        return cls(own, {code: fold(text) for code, text in card.published.captions.items()})

    def differs(self, caption: str, codes: Sequence[str]) -> Kind | None:
        """How a published caption differs from the codes here; None where it says the same in the same words."""
        for texts in ({fold(caption)}, set(map(fold, _JOINTS.split(caption)))):
            if texts == {self.own.get(code, fold(code)) for code in codes}:
                return None
            if texts == {self.theirs.get(code) or self.own.get(code, fold(code)) for code in codes}:
                return "other wording"
        return "other label"

    def texts(self) -> set[str]:
        """Every text that names one of the labels."""
        return {*self.own.values(), *self.theirs.values()}


def _by_captions(
    card: Card,
    records: Sequence[Mapping[str, Any]],
    here: Mapping[str, tuple[str, ...] | None],
    members: Iterable[Dataset],
) -> Comparison:
    words = Words.of(card)
    found = Comparison(paths=False, records=len(records), pictures=len(here))
    pictures = Counter(code for codes in here.values() for code in codes or ())
    counts: Counter[str] = Counter()
    for record in records:
        texts = set(map(fold, _JOINTS.split(record["caption"]))) | {fold(record["caption"])}
        codes = [code for code in words.own if texts & {words.own[code], words.theirs.get(code, words.own[code])}]
        counts.update(codes)
        found.foreign += not codes
    for code, caption in card.labels.items():
        before = found.captions.get(caption, (0, 0))
        found.captions[caption] = (max(before[0], counts[code]), before[1] + pictures[code])
    known = words.texts().union(*(Words.of(member.card).texts() for member in members))
    options = Counter(text for record in records for text in _choices(record))
    for text, count in sorted(options.items()):
        if not {fold(part) for part in (text, *_JOINTS.split(text))} & known:
            what = f"{count} times, and no data set of the subset calls a label so"
            found.differences.append(Difference("unknown option", text, what))
    return found


def _choices(record: Mapping[str, Any]) -> list[str]:
    choices = record["choices"]
    return [str(text) for text in (choices.values() if isinstance(choices, dict) else choices or ())]


def fold_path(path: str) -> str:
    """A path for comparison: '/' separators, case folded."""
    return path.replace("\\", "/").casefold()
