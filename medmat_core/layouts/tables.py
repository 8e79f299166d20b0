"""Tables that say what pictures show: labels, one column a class, or boxes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar, Literal

from attrs import Factory, evolve, field, frozen

from medmat_core.card import Card
from medmat_core.layouts.base import Names, SplitOf, named
from medmat_core.layouts.rows import FIELD, OfRows
from medmat_core.model import BoxSample, LabelSample
from medmat_core.readers.boxes import Form, table_boxes
from medmat_core.readers.groups import catching
from medmat_core.readers.pictures import Pictures
from medmat_core.readers.tables import Row
from medmat_core.readers.tagged import BLANK, in_cell, merged_labels, one_hot, table_labels
from medmat_core.tree import Tree


@frozen(kw_only=True, slots=False)
class Table(OfRows):
    """A table with a row a picture, or a row a finding.

    ``label`` is the column of the class; several are joined by "|". ``separator`` parts the labels that stand in one
    cell; ``find`` is a regular expression that catches each of them instead. ``spellings`` are other words for codes.
    ``merge``: a picture has a row for each of its findings.
    """

    about: ClassVar[str] = "a table of pictures and their labels"
    example: ClassVar[str] = """
[labels]
0 = "No retinopathy"
1 = "Retinopathy"

[layout]
kind = "table"
table = "{part}.csv"
parts = {train = "train", valid = "val"}
pictures = "{part}_images"
image = "id"
label = "grade"
group = {column = "patient"}

[[example.pictures]]
paths = ["train_images/a1.png", "train_images/a2.png", "valid_images/b1.png"]

[[example.files]]
path = "train.csv"
text = \"\"\"
id,patient,grade
a1,7,0
a2,7,1
\"\"\"

[[example.files]]
path = "valid.csv"
text = \"\"\"
id,patient,grade
b1,8,1
\"\"\"

[[example.expect]]
image = "train_images/a2.png"
captions = ["Retinopathy"]
group = "7"
split = "train"

[[example.expect]]
image = "valid_images/b1.png"
captions = ["Retinopathy"]
group = "8"
split = "val"
"""

    label: Names
    separator: str = ""
    find: str = field(default="", validator=catching)
    spellings: Mapping[str, str] = Factory(dict)
    merge: bool = False

    def samples(self, tree: Tree, card: Card) -> Iterator[LabelSample]:
        """A sample a row, or a picture where rows are merged."""
        code, group = self._code, self.grouping(tree)

        def read(table: Iterable[Row], pictures: Pictures, split: SplitOf) -> Iterator[LabelSample]:
            if self.merge:
                assert isinstance(self._image, str)
                return merged_labels(
                    tree, table, pictures, image=self._image, code=code, by=self.by, group=group, split=split
                )
            return table_labels(
                tree, table, pictures, image=self._image, code=code, by=self.by, group=group, split=split
            )

        return self._read(tree, card, read)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.separator and self.find:
            raise ValueError("separator and find are two ways to say the same; give one")
        if len(named(self.label)) > 1 and (self.separator or self.find):
            raise ValueError("several columns make one label, so that a cell does not hold several")
        if self.merge and FIELD.search(self.image):
            raise ValueError("rows are merged by what one column says of the picture; image must be that column")

    def codes(self) -> Iterator[tuple[str, str]]:
        """The codes that spellings stand for."""
        for name, code in self.spellings.items():
            yield f"spellings[{name!r}]", code

    @property
    def _code(self) -> Callable[[Row], str | tuple[str, ...] | None] | str:
        columns = named(self.label)
        if self.separator:
            return self._spelled(in_cell(columns[0], self.separator))
        if self.find:
            each = re.compile(self.find)
            return self._spelled(lambda row: tuple(each.findall(row[columns[0]])))
        if len(columns) > 1:
            return self._spelled(lambda row: ("|".join(row[column] for column in columns),))
        return self._spelled(lambda row: (row[columns[0]],) if row[columns[0]] else None)

    def _spelled(self, rule: Callable[[Row], tuple[str, ...] | None]) -> Callable[[Row], tuple[str, ...] | None]:
        if not self.spellings:
            return rule
        return lambda row: tuple(self.spellings.get(code, code) for code in rule(row) or ()) or None

    def _said(self, card: Card) -> Iterable[str]:
        return named(self.label)


@frozen(kw_only=True, slots=False)
class OneHot(OfRows):
    """A table with a column a class: 1 states it, 0 marks it absent, -1 leaves it uncertain, a blank says nothing.

    ``columns`` maps headers to codes (left out: the codes of the card are the headers). ``lacking`` are columns that
    need not be there. ``single``: exactly one class is marked in each row. ``normal`` is the code that is stated where
    all are marked absent. ``uncertain`` are more words that leave a class uncertain (["u", "2"]); any other cell
    refuses its row. ``blank = "absent"``: who left a cell blank did not see the class. Where that is not said
    ("unknown"), a class with a blank is neither an answer nor a wrong one.
    """

    about: ClassVar[str] = "a table with a column a class"
    example: ClassVar[str] = """
[labels]
MEL = "Melanoma"
NV = "Melanocytic nevus"

[layout]
kind = "one-hot"
table = "truth.csv"
image = "image"
single = true
group = {pattern = '(ISIC_\\d+).*'}

[[example.pictures]]
paths = ["images/ISIC_0000001.png", "images/ISIC_0000002_downsampled.png"]

[[example.files]]
path = "truth.csv"
text = \"\"\"
image,MEL,NV
ISIC_0000001,1.0,0.0
ISIC_0000002_downsampled,0.0,1.0
\"\"\"

[[example.expect]]
image = "images/ISIC_0000002_downsampled.png"
captions = ["Melanocytic nevus"]
group = "ISIC_0000002"
"""

    columns: Mapping[str, str] = Factory(dict)
    lacking: tuple[str, ...] = ()
    single: bool = False
    normal: str = ""
    uncertain: tuple[str, ...] = ()
    blank: Literal["unknown", "absent"] = "unknown"

    def samples(self, tree: Tree, card: Card) -> Iterator[LabelSample]:
        """A sample a row."""
        group = self.grouping(tree)

        def read(table: Iterable[Row], pictures: Pictures, split: SplitOf) -> Iterator[LabelSample]:
            return one_hot(
                tree, card, self._plain(table, card), pictures, image=self._image, columns=self._headers(card),
                by=self.by, group=group, split=split, single=self.single, normal=self.normal or None,
            )  # fmt: skip

        return self._read(tree, card, read)

    def codes(self) -> Iterator[tuple[str, str]]:
        """The codes that columns stand for, and the normal one."""
        for name, code in self.columns.items():
            yield f"columns[{name!r}]", code
        if self.normal:
            yield "normal", self.normal

    def _plain(self, table: Iterable[Row], card: Card) -> Iterable[Row]:
        """The rows with -1 for words that leave a class uncertain, and 0 for blanks that say that it is absent."""
        words = dict.fromkeys(map(str.lower, self.uncertain), "-1")
        if self.blank == "absent":
            words.update(dict.fromkeys(BLANK, "0"))
        columns = self._headers(card)

        def plain(row: Row) -> Row:
            said = {column: words.get(row[column].lower(), row[column]) for column in columns if column in row.cells}
            return evolve(row, cells={**row.cells, **said})

        return map(plain, table) if words else table

    def _headers(self, card: Card) -> Mapping[str, str]:
        return self.columns or {code: code for code in card.labels if code != self.normal}

    def _said(self, card: Card) -> Iterable[str]:
        return [column for column in self._headers(card) if column not in self.lacking]


@frozen(kw_only=True, slots=False)
class BoxTable(OfRows):
    """A table with a row a box.

    ``label`` is the column of the class, ``corners`` are those of the four numbers of the box, or the one that holds
    all four ("[4, 8, 16, 20]"). Their ``form`` is "xyxy" (x1, y1, x2, y2), "xywh" (a corner, width and height) or
    "cxcywh" (a center, width and height). They are pixels counted from 0, half-open, or where they are ``relative``
    fractions of the picture's width and height; a table that holds the other is refused. ``size`` names the columns of
    the width and height of the picture that a box was drawn on: a picture of another size is refused.
    ``nothing`` are words for the class by which a row says that nothing was found.
    """

    about: ClassVar[str] = "a table with a row a box"
    example: ClassVar[str] = """
[labels]
Nodule = "Lung nodule"
Effusion = "Pleural effusion"

[layout]
kind = "box-table"
table = "boxes.csv"
image = "image_id"
label = "class"
corners = ["x_min", "y_min", "x_max", "y_max"]
nothing = ["No finding"]
group = {column = "study"}

[[example.pictures]]
paths = ["films/f1.png", "films/f2.png"]

[[example.files]]
path = "boxes.csv"
text = \"\"\"
image_id,study,class,x_min,y_min,x_max,y_max
f1,s1,Nodule,4,8,20,28
f2,s2,No finding,,,,
\"\"\"

[[example.expect]]
image = "films/f1.png"
captions = ["Lung nodule"]
group = "s1"
boxes = {"Lung nodule" = [[4, 8, 20, 28]]}

[[example.expect]]
image = "films/f2.png"
"""

    label: str
    corners: str | tuple[str, str, str, str]
    form: Form = "xyxy"
    relative: bool = False
    size: tuple[str, str] | None = None
    nothing: tuple[str, ...] = ()

    def samples(self, tree: Tree, card: Card) -> Iterator[BoxSample]:
        """A sample a picture."""
        group = self.grouping(tree)

        def read(table: Iterable[Row], pictures: Pictures, split: SplitOf) -> Iterator[BoxSample]:
            return table_boxes(
                tree, table, pictures, image=self.image, code=self.label, corners=self.corners, nothing=self.nothing,
                by=self.by, group=group, split=split, form=self.form, relative=self.relative, size=self.size,
            )  # fmt: skip

        return self._read(tree, card, read)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if FIELD.search(self.image):
            raise ValueError("boxes are gathered by what one column says of the picture; image must be that column")

    def _said(self, card: Card) -> Iterable[str]:
        return (self.label, *named(self.corners), *(self.size or ()))
