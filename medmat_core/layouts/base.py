"""What all layouts share: the rules over pictures that are data, and the parts that names are written with."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import PureWindowsPath
from typing import ClassVar, TypeVar

from attrs import Factory, frozen

from medmat_core.card import Card
from medmat_core.layouts.lists import PartLists
from medmat_core.model import PARTS, BoxSample, LabelSample, MaskSample, Problem, Sample, Split
from medmat_core.readers.folders import split_of
from medmat_core.readers.groups import Group, GroupRule, Part
from medmat_core.tree import Tree, fold

S = TypeVar("S", LabelSample, MaskSample, BoxSample)

Names = str | tuple[str, ...]
"""A name, or several by which a thing goes, likeliest first. ``{part}`` in it stands for each word of ``parts``."""

SplitOf = Callable[[str], Split | None] | Split | None
"""A part for all pictures, or a rule over their paths."""


def written(names: Names) -> tuple[str, ...]:
    """Names one by one, {part} left in."""
    return (names,) if isinstance(names, str) else names


def named(names: Names, part: str = "") -> tuple[str, ...]:
    """Names one by one, with a part's word filled in."""
    return tuple(name.replace("{part}", part) for name in written(names))


@frozen(kw_only=True)
class SplitRule:
    """The official part of a picture.

    ``folder``: the folder nearest to the root that is called like a part (train, training, val, valid, validation,
    test, testing, or one of ``names``). ``column``: what stands in a column of its row, by ``names``. ``lists``: text
    files, one a part, that name its pictures: ``{train = "train.txt", test = "test.txt"}``. ``all``: one part for all.
    """

    folder: bool = False
    column: str = ""
    lists: Mapping[str, Names] = Factory(dict)
    all: Split | None = None
    names: Mapping[str, Split] = Factory(dict)

    def __attrs_post_init__(self) -> None:
        if self.folder + bool(self.column) + bool(self.lists) + bool(self.all) != 1:
            raise ValueError("say where parts are told: folder = true, column = '...', lists = {...} or all = '...'")
        if self.names and not self.folder and not self.column:
            raise ValueError("names are words for parts in folders or in a column, and neither is said")
        strange = [part for part in self.lists if part not in PARTS]
        if strange:
            raise ValueError(f"lists: {strange[0]!r} is no part; there are {', '.join(PARTS)}")
        words: dict[str, Split] = {}
        twice = [name for name, part in self.names.items() if words.setdefault(fold(name), part) != part]
        if twice:
            raise ValueError(f"names: {twice[0]!r} stands for two parts, since letter case is ignored")
        if self.column and not self.names:
            raise ValueError("say which words of the column are which part, as in names = {training = 'train'}")

    def at(self, tree: Tree) -> SplitOf:
        """The rule for one tree, as readers take it; where there are lists that is a :class:`PartLists`."""
        if self.lists:
            return PartLists(tree, {part: named(names) for part, names in self.lists.items()})  # type: ignore[misc]
        if self.column:
            return Part(column=self.column, names=self.names).at(tree)
        return self._of_path if self.folder else self.all

    def _of_path(self, path: str) -> Split | None:
        """The part that a path's folders name."""
        return split_of(path, {fold(name): part for name, part in self.names.items()} if self.names else None)


@frozen(kw_only=True, slots=False)
class Layout(ABC):
    """How a data set lies on disk.

    ``group`` says what belongs together, ``split`` to which official part a picture belongs. ``skip`` are pictures left
    alone: "\\*.bmp" any file of such a name, "masks/" whatever lies in a folder of that name, "/extra/" in the one at
    the root; letter case is ignored. ``once``: a picture of a name that was met before is a second copy and left out,
    which is noted. ``note`` tells people what there is to know.

    A picture is what is called like one (.jpg, .png, .dcm and so on), and a file without any suffix that is DICOM by
    its first bytes, but for a DICOMDIR.
    """

    kind: str
    note: str = ""
    group: Group | None = None
    split: SplitRule | None = None
    skip: tuple[str, ...] = ()
    once: bool = False

    about: ClassVar[str]
    """The layout in one line."""
    example: ClassVar[str]
    """A tiny data set that is laid out so: the tables ``[labels]``, ``[layout]`` and ``[example]`` of its card."""
    _rows: ClassVar[bool] = False
    """Whether there is a table with rows about pictures."""
    _copies: ClassVar[bool] = True
    """Whether second copies can be told."""

    def __attrs_post_init__(self) -> None:
        for name in self._named():
            if ".." in name.replace("\\", "/").split("/") or PureWindowsPath(name).anchor:
                raise ValueError(f"{name!r} leads out of the data set's folder; name what lies below it")
        if self.once and not self._copies:
            raise ValueError("a layout of this kind cannot tell second copies; say in skip where they lie")
        if self.group is not None and self.group.per_class and self.kind != "class-folders":
            raise ValueError("group.per_class is for class folders; elsewhere a pattern can catch the class, too")
        if self._rows:
            return
        if (self.group is not None and self.group.column and not self.group.table) or (
            self.split is not None and self.split.column
        ):
            raise ValueError("group and split name a column, and a layout of this kind reads no table")

    def _named(self) -> Iterator[str]:
        """All names of files and folders."""
        for field in ("under", "table", "file", "pictures", "masks", "boxes", "parts"):
            yield from written(tuple(getattr(self, field, ())) if field == "parts" else getattr(self, field, ()))
        yield from (name for names in (self.split.lists if self.split else {}).values() for name in written(names))
        yield from written(self.group.table if self.group else ())

    @abstractmethod
    def samples(self, tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        """What lies in the tree; what cannot be used is reported to it."""

    def codes(self) -> Iterator[tuple[str, str]]:
        """(field, code) of every code that the layout names, all of which have to be on the card."""
        yield from ()

    def splitting(self, tree: Tree) -> SplitOf:
        """The rule of parts as readers take it."""
        return self.split.at(tree) if self.split is not None else None

    def by_path(self, tree: Tree) -> Callable[[str], Split | None] | None:
        """The same for readers that want a rule over paths."""
        rule = self.splitting(tree)
        return rule if callable(rule) or rule is None else lambda _: rule

    def grouping(self, tree: Tree) -> GroupRule | None:
        """The rule of groups as readers take it."""
        return self.group.at(tree) if self.group is not None else None

    @property
    def skips(self) -> Callable[[str], bool] | None:
        """Whether a picture is left alone; None where none is."""
        return self._skips if self.skip else None

    def _skips(self, path: str) -> bool:
        return self._left_alone.fullmatch("/" + fold(path)) is not None

    @cached_property
    def _left_alone(self) -> re.Pattern[str]:
        return re.compile("|".join(map(_pattern, self.skip)))

    def kept(self, paths: Iterable[str]) -> Iterator[str]:
        """The paths that are not left alone."""
        skips = self.skips
        return (path for path in paths if skips is None or not skips(path))


def _pattern(text: str) -> str:
    """A pattern of ``skip`` as a regular expression over a folded path with a slash in front."""
    name = "".join({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)) for char in fold(text.strip("/")))
    return ("/" if text.startswith("/") else "(?:/.*)?/") + name + ("/.*" if text.endswith("/") else "")


def told(rule: SplitOf) -> None:
    """Report what part lists name and nothing else does, once all is read."""
    if isinstance(rule, PartLists):
        rule.tell()


def first_of(samples: Iterable[S], tree: Tree) -> Iterator[S]:
    """Samples but for those whose labels and file name came before: second copies, counted in one note."""
    seen: set[tuple[str, ...]] = set()
    copies = 0
    for sample in samples:
        labels: tuple[str, ...] = sample.stated if isinstance(sample, LabelSample) else ()
        known = (*labels, str(sample.image).rpartition("/")[2].casefold())
        if known in seen:
            copies += 1
            continue
        seen.add(known)
        yield sample
    if copies:
        tree.report("left_out", "", f"{copies} pictures lie here once more under the same class and name")


@frozen(kw_only=True, slots=False)
class InParts(Layout):
    """A layout whose official parts have files or folders of their own.

    ``parts`` maps the word that stands for {part} in names to the part that it means: ``{Training = "train"}``.
    ``optional`` are words of parts that need not be here: one that is here by half is reported.
    """

    parts: Mapping[str, Split] = Factory(dict)
    optional: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        strange = [word for word in self.optional if word not in self.parts]
        if strange:
            raise ValueError(f"optional names {strange[0]!r}, which is none of parts")
        if self.parts and self.split is not None:
            raise ValueError("parts say to which part a picture belongs, so that there is no split")

    def words(self, tree: Tree) -> Iterator[tuple[str, SplitOf]]:
        """(word, rule of parts) of each part; one without a word where there are none."""
        if self.parts:
            yield from self.parts.items()
            return
        rule = self.splitting(tree)
        yield "", rule
        told(rule)
