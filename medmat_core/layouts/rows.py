"""What layouts with a table share: where it lies, which pictures its rows name, and what is left over."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import ClassVar, Literal, TypeVar

from attrs import frozen

from medmat_core.card import Card
from medmat_core.layouts.base import InParts, Names, SplitOf, named, written
from medmat_core.layouts.lists import PartLists
from medmat_core.model import BoxSample, LabelSample
from medmat_core.readers.pictures import Pictures, housed, report_unlisted
from medmat_core.readers.tables import Row, json_rows, located, rows
from medmat_core.tree import Tree

S = TypeVar("S", LabelSample, BoxSample)

FIELD = re.compile(r"\{([^{}:]+)(?::0(\d))?\}")
"""A column in braces, perhaps with the number of digits that its cells are filled up to."""


@frozen(kw_only=True, slots=False)
class OfRows(InParts):
    """What all tables share.

    ``table`` is the name of the file (.csv, .tsv, .txt, .xlsx or .json), wherever it lies, ``pictures`` that of the
    folder of pictures (left out: all pictures). With ``parts`` there is a table a part. ``image`` is the column that
    names the picture, or is made of columns: "{ID}_green", and "{id:03}" for "7" in the table and 007.png. ``by`` says
    how that is looked up: as a "stem" (without suffix), as a "name", or as a "tail" (folders and name). ``header``
    names the columns of a table that has no header, ``delimiter`` parts them where the first line does not tell
    (" ": any white space), ``sheet`` is one of a spreadsheet's. ``unlisted`` is what a picture that no row names is:
    a "missing_label", "unlabelled" on purpose, or "unreported".
    """

    _rows: ClassVar[bool] = True

    table: Names
    image: str
    by: Literal["stem", "name", "tail"] = "stem"
    pictures: Names = ""
    header: tuple[str, ...] | None = None
    delimiter: str | None = None
    sheet: str | None = None
    unlisted: Literal["missing_label", "unlabelled", "unreported"] = "missing_label"

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if bool(self.parts) != any("{part}" in name for name in written(self.table)):
            raise ValueError("parts are told by the table's name: write {part} in it, and give parts")

    def _read(
        self, tree: Tree, card: Card, read: Callable[[Iterable[Row], Pictures, SplitOf], Iterator[S]]
    ) -> Iterator[S]:
        """The samples of all parts, pictures that no row names reported."""
        apart = any("{part}" in name for name in written(self.pictures))
        every = None if apart else self._pictures(tree, named(self.pictures))

        def part(word: str, split: SplitOf) -> Iterator[S]:
            pictures = every or self._pictures(tree, named(self.pictures, word))
            found = read(self._rows_of(tree, word, card, split), pictures, split)
            return self._told(pictures, found) if apart else found

        found = (sample for word, split in self._here(tree) for sample in part(word, split))
        yield from self._told(every, found) if every is not None else found

    def _here(self, tree: Tree) -> Iterator[tuple[str, SplitOf]]:
        """The parts that are read: optional ones that lie here whole, and all others."""
        for word, split in self.words(tree):
            if word in self.optional:
                tables, folders = named(self.table, word), named(self.pictures, word)
                table = tree.find(*tables)
                folder = tree.folder(*folders) if folders != named(self.pictures) else None
                if table is None:
                    if folder is not None:
                        tree.report("missing_file", tables[0], f"the pictures in {folder} have no label file")
                    continue
                if folder is None and folders != named(self.pictures):
                    tree.report("missing_image", table, f"no folder {folders[0]} with its pictures")
                    continue
            yield word, split

    def _rows_of(self, tree: Tree, word: str, card: Card, split: SplitOf) -> Iterator[Row]:
        image = self._image
        for row in self._table(tree, word, card):
            if isinstance(split, PartLists):  # whether its picture is here or not, the row knows it
                split.strike(row[image] if isinstance(image, str) else image(row))
            yield row

    def _table(self, tree: Tree, word: str, card: Card) -> Iterator[Row]:
        file = located(tree, named(self.table, word))
        used = self._columns(card)
        if file.lower().endswith(".json"):
            return json_rows(tree, file, require=used)
        return rows(
            tree,
            file,
            require=used,
            header=self.header,
            delimiter=self.delimiter,
            sheet=self.sheet,
            key=self._image_columns[-1],
        )

    def _pictures(self, tree: Tree, folder: tuple[str, ...]) -> Pictures:
        pictures = Pictures(tree, paths=self.kept(tree.images(housed(tree, folder))))
        if self.once:
            first: dict[str, str] = {}
            for path in pictures.paths:  # nearest to the root first
                first.setdefault(path.rpartition("/")[2].casefold(), path)
            pictures = Pictures(tree, paths=first.values())
        return pictures

    def _told(self, pictures: Pictures, samples: Iterator[S]) -> Iterator[S]:
        return samples if self.unlisted == "unreported" else report_unlisted(pictures, samples, reason=self.unlisted)

    @cached_property
    def _image_columns(self) -> tuple[str, ...]:
        return tuple(name for name, _ in FIELD.findall(self.image)) or (self.image,)

    @property
    def _image(self) -> str | Callable[[Row], str]:
        """The column, or the rule, that names a row's picture: "" where one of its cells is blank."""
        if FIELD.search(self.image) is None:
            return self.image

        def name(row: Row) -> str:
            if not all(row[column] for column in self._image_columns):
                return ""
            return FIELD.sub(lambda found: row[found[1]].zfill(int(found[2] or 0)), self.image)

        return name

    def _columns(self, card: Card) -> list[str]:
        """The columns that a table must have."""
        used = [*self._image_columns, *self._said(card)]
        if self.group is not None and not self.group.table:
            used.append(self.group.column)
        if self.split is not None:
            used.append(self.split.column)
        return [column for column in dict.fromkeys(used) if column]

    @abstractmethod
    def _said(self, card: Card) -> Iterable[str]:
        """The columns that say what is in the picture."""
