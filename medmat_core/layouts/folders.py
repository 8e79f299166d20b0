"""Pictures whose folders or names say their class."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import ClassVar, Literal

from attrs import Factory, evolve, field, frozen

from medmat_core.card import Card
from medmat_core.layouts.base import Layout, Names, first_of, named, told
from medmat_core.model import LabelSample
from medmat_core.readers.folders import class_folders, labelled_files, spelled
from medmat_core.readers.groups import Pattern, catching, part_of_path
from medmat_core.readers.pictures import housed
from medmat_core.tree import Tree, fold


@frozen(kw_only=True, slots=False)
class ClassFolders(Layout):
    """Pictures whose class is the name of a folder they lie in, at any depth.

    ``under`` is the folder that holds the class folders, where others of the same names lie beside it. A folder is a
    class where its whole name is a code of the card, letter case ignored. ``spellings`` are other names of class
    folders. ``code`` is a regular expression whose parentheses catch the code where the whole name is none.
    ``loose``: a blank, "_" and "-" are alike in them.
    """

    about: ClassVar[str] = "a folder a class"
    example: ClassVar[str] = """
[labels]
normal = "Normal"
tumor = "Tumor"

[layout]
kind = "class-folders"
group = {pattern = '(\\d+)_\\d+'}  # patient 12 in 12_3.png
split = {folder = true}

[[example.pictures]]
paths = ["train/normal/12_1.png", "train/normal/12_2.png", "train/tumor/7_1.png", "test/Tumor/9_1.png"]

[[example.expect]]
image = "train/normal/12_2.png"
captions = ["Normal"]
group = "12"
split = "train"

[[example.expect]]
image = "test/Tumor/9_1.png"
captions = ["Tumor"]
group = "9"
split = "test"
"""

    under: Names = ""
    spellings: Mapping[str, str] = Factory(dict)
    code: str = field(default="", validator=catching)
    loose: bool = False

    def samples(self, tree: Tree, card: Card) -> Iterator[LabelSample]:
        """A sample a picture in a class folder."""
        under = ""
        if self.under:
            under = tree.folder(*named(self.under)) or ""
            if not under:
                tree.report("missing_file", named(self.under)[0], "the folder is not there, and no other one is read")
                return
        split = self.by_path(tree)
        found = class_folders(
            tree,
            card,
            under=under,
            code=self._rule(tree, card),
            group=self.grouping(tree),
            split=split,
            skip=self.skips,
        )
        if self.group is not None and self.group.per_class:
            found = (_of_its_class(sample) for sample in found)
        yield from first_of(found, tree) if self.once else found
        told(split)

    def codes(self) -> Iterator[tuple[str, str]]:
        """The codes that spellings stand for."""
        for name, code in self.spellings.items():
            yield f"spellings[{name!r}]", code

    def _rule(self, tree: Tree, card: Card) -> Callable[[str], str | None] | None:
        """What turns a folder's name into a code; None where names are compared as they are."""
        if not (self.spellings or self.code or self.loose):
            return None
        # a spelling may take a name from a code that is only alike
        meant = {self._plain(name) for name in self.spellings}
        words = {code: code for code in card.labels if self._plain(code) not in meant} | dict(self.spellings)
        known = spelled(tree, words, self._plain)
        inner = Pattern(self.code, "") if self.code else None

        def code(folder: str) -> str | None:
            found = known(folder)
            if found is None and inner is not None and (caught := inner(folder.strip())) is not None:
                return known(caught)
            return found

        return code

    def _plain(self, name: str) -> str:
        return re.sub(r"[\s_-]+", " ", fold(name)).strip() if self.loose else fold(name)


def _of_its_class(sample: LabelSample) -> LabelSample:
    if sample.group is None:
        return sample
    return evolve(sample, group=f"{sample.stated[0].casefold()}-{sample.group}")


@frozen(kw_only=True, slots=False)
class FileNames(Layout):
    """Pictures whose own name, or whose path, says the class.

    ``pictures`` is their folder (left out: all pictures). ``code`` is a regular expression over the ``of`` of a picture
    ("stem", "name" or "path" without suffix); its parentheses catch the code, several are joined by ``join``. A
    picture whose name does not fit is reported.
    """

    about: ClassVar[str] = "the class stands in the file's name"
    example: ClassVar[str] = """
[labels]
0 = "Normal"
1 = "Tuberculosis"

[layout]
kind = "file-names"
pictures = "films"
code = '\\d+_([01])'
group = {pattern = '(\\d+)_[01]'}

[[example.pictures]]
paths = ["films/0001_0.png", "films/0002_1.png"]

[[example.expect]]
image = "films/0002_1.png"
captions = ["Tuberculosis"]
group = "0002"
"""

    code: str = field(validator=catching)
    of: Literal["stem", "name", "path"] = "stem"
    join: str = ""
    pictures: Names = ""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if not self.code:
            raise ValueError("code is a regular expression that catches the class, and must not be empty")

    @cached_property
    def _code(self) -> Pattern:
        return Pattern(self.code, self.join)

    def samples(self, tree: Tree, card: Card) -> Iterator[LabelSample]:
        """A sample a picture whose name fits."""
        known = spelled(tree, {code: code for code in card.labels})

        def code(path: str) -> str | None:
            caught = self._code(part_of_path(path, self.of))
            return (known(caught) or caught) if caught is not None else None

        split = self.by_path(tree)
        pictures = self.kept(tree.images(housed(tree, named(self.pictures))))
        found = labelled_files(tree, pictures, code, group=self.grouping(tree), split=split)
        yield from first_of(found, tree) if self.once else found
        told(split)
