"""Label files that lie: tables, JSON, COCO, VOC, YOLO, run through the layouts of cards as a user meets them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from medmat_core import Dataset
from medmat_core.catalog import Catalog
from medmat_core.subsets import load_subset
from tests.hostile.case import Case, World, told
from tests.hostile.inputs import rows, tabled
from tests.toy import picture, toy_card, toy_catalog

HUGE: Final = "9" * 6000
"""More digits than Python makes a number of."""


def raw(content: bytes | str, **options: Any) -> Callable[[World], Sequence[Dataset]]:
    return lambda world: tabled(world, content, **options)


def lines(*more: str, header: str = "image,label") -> str:
    return "\n".join([header, *rows(), *more]) + "\n"


def wide(world: World) -> Sequence[Dataset]:
    """100,000 columns, of which two have one name."""
    header = ["image", "label", *(f"c{number}" for number in range(100_000)), "c7"]
    body = [f"{row}{',' * 100_001}" for row in rows()]
    return tabled(world, "\n".join([",".join(header), *body]))


def laid_out(layout: str, *, kind: str = "single-label", **files: str | bytes) -> Callable[[World], Sequence[Dataset]]:
    """The toy data set read by a card's layout."""

    def spoil(world: World) -> Sequence[Dataset]:
        for name, content in files.items():
            world.write(name.replace("__", "."), content)
        card = toy_card(world.top, kind=kind, tables=f"[layout]\n{layout}")
        return [Dataset.of_card(card.path)]

    return spoil


TABLE: Final = 'kind = "table"\ntable = "labels.csv"\nimage = "image"\nlabel = "label"\nby = "name"\n'
ONE_HOT: Final = 'kind = "one-hot"\ntable = "labels.csv"\nimage = "image"\nby = "name"\n'


def one_hot(first: str) -> str:
    """A table with a column a class; the first picture's mark is given."""
    body = [
        f"{name},{','.join(str(int(one == label)) for one in ('cat', 'dog', 'cow', 'eel'))}"
        for name, label in (row.split(",") for row in rows())
    ]
    body[0] = f"cat (0).png,{first},0,0,0"
    return "\n".join(["image,cat,dog,cow,eel", *body])


# -- boxes ------------------------------------------------------------------------------------------------


def boxes(layout: str, write: Callable[[World], None]) -> Callable[[World], Catalog]:
    """Eight pictures of 40 x 30 under boxed/pics and whatever is written; classes cat and dog."""

    def spoil(world: World) -> Catalog:
        for number in range(8):
            picture(world.data / "boxed/pics" / f"{number}.png", number, (40, 30))
        write(world)
        card = toy_card(
            world.top, slug="boxed", folder="boxed", kind="box", labels={"cat": "Cat", "dog": "Dog"},
            head='asks = ["box", "presence"]', tables=f"[layout]\n{layout}",
        )  # fmt: skip
        return toy_catalog(
            Dataset.of_card(card.path), instructions={**load_subset(43).instructions, **load_subset(2).instructions}
        )

    return spoil


def coco_file() -> dict[str, Any]:
    """A sound COCO file: pictures 0 to 7, a cat each."""
    return {
        "images": [{"id": n, "file_name": f"{n}.png", "width": 40, "height": 30} for n in range(8)],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        "annotations": [{"id": n, "image_id": n, "category_id": 1, "bbox": [2, 2, 8 + 3 * n, 9]} for n in range(8)],
    }


def coco(change: Callable[[dict[str, Any]], Any] | str | bytes) -> Callable[[World], Catalog]:
    """A COCO file that was changed, or this text."""

    def write(world: World) -> None:
        if isinstance(change, str | bytes):
            text = change
        else:
            told = coco_file()
            text = json.dumps(change(told) or told)
        (world.data / "boxed/a.json").write_bytes(text if isinstance(text, bytes) else text.encode())

    return boxes('kind = "coco"\nfile = "a.json"\npictures = "pics"\n', write)


def at(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Set a value by its path: "annotations.0.bbox"."""

    def change(told: Any) -> None:
        *way, last = path.split(".")
        for step in way:
            told = told[int(step) if isinstance(told, list) else step]
        told[int(last) if isinstance(told, list) else last] = value

    return change


def more(key: str, *items: Any) -> Callable[[dict[str, Any]], None]:
    return lambda told: told[key].extend(items)


def yolo(first: str | bytes) -> Callable[[World], Catalog]:
    """A YOLO file a picture; the first one's is given."""

    def write(world: World) -> None:
        for number in range(8):
            text = first if number == 0 else f"0 0.5 0.5 {0.2 + number / 20} 0.5"
            (world.data / "boxed/pics" / f"{number}.txt").write_bytes(
                text if isinstance(text, bytes) else text.encode()
            )

    return boxes('kind = "yolo"\npictures = "pics"\nboxes = "pics"\n', write)


SOUND_VOC: Final = (
    "<annotation><object><name>cat</name><bndbox><xmin>3</xmin><ymin>3</ymin><xmax>{x}</xmax><ymax>9</ymax></bndbox>"
    "</object></annotation>"
)


def voc_file(first: str | bytes) -> Callable[[World], Catalog]:
    def write(world: World) -> None:
        for number in range(8):
            text = first if number == 0 else SOUND_VOC.format(x=12 + 3 * number)
            (world.data / "boxed/pics" / f"{number}.xml").write_bytes(
                text if isinstance(text, bytes) else text.encode()
            )

    return boxes('kind = "voc"\npictures = "pics"\nboxes = "pics"\n', write)


def box_table(first: str) -> Callable[[World], Catalog]:
    def write(world: World) -> None:
        body = [first, *(f"{n}.png,cat,2,2,{12 + 3 * n},9" for n in range(1, 8))]
        (world.data / "boxed/b.csv").write_text("\n".join(["image,label,x1,y1,x2,y2", *body]))

    layout = 'kind = "box-table"\ntable = "b.csv"\nimage = "image"\nby = "name"\nlabel = "label"\ncorners = ["x1", "y1", "x2", "y2"]\n'
    return boxes(layout, write)


SOUND: Final = SOUND_VOC.format(x=12)

CASES: Final[Sequence[Case]] = [
    # tables
    told("a table begins with a byte-order mark", raw("\ufeff" + lines())),
    told("a table is UTF-16 with a byte-order mark", raw(lines().encode("utf-16"))),
    told("a table is UTF-16 without a byte-order mark", raw(lines().encode("utf-16-le"))),
    told("a table is UTF-32", raw(lines().encode("utf-32"))),
    told("a table holds NUL bytes between its letters", raw(lines("\0cat (0).png,\0dog"))),
    told("a table ends its lines with CR alone", raw(lines().replace("\n", "\r"))),
    told("a table mixes line ends", raw(lines().replace("\n", "\r\n", 7))),
    told("a cell holds a quoted line end", raw(lines('"cat\n(0).png",cat'))),
    told("a cell has 1,000,000 characters", raw(lines(f"{'a' * 10**6},cat"))),
    told("a quoted cell is never closed", raw(lines('"cat (0).png,cat'))),
    told("a label is a number of 6,000 digits", raw(lines(f"cat (0).png,{HUGE}"))),
    told("a picture's name is a number of 6,000 digits", raw(lines(f"{HUGE},cat"))),
    told("a header has one name twice, in two letter cases", raw("\n".join(["image,label,Label", *(f"{r},dog" for r in rows())]))),
    told("a header has one name twice, once with blanks", raw("\n".join(["image,label, label ", *(f"{r},dog" for r in rows())]))),
    told("a table has 100,000 columns", wide),
    told("a table has 200,000 blank lines", raw(lines() + "\n" * 200_000)),
    told("a row has a thousand cells too many", raw(lines("cat (0).png,cat" + ",x" * 1000))),
    told("a table is a header alone", raw("image,label\n")),
    told("a table names one picture twice with two labels", raw(lines("cat (0).png,dog"))),
    told("a table names one picture twice with one label", raw(lines("cat (0).png,cat"))),
    told("a table's delimiter changes in the middle", raw(lines("cat (0).png;cat"))),
    told("a label differs from the card's in letter case", raw(lines().replace(",cat", ",CAT"))),
    told("a label has a no-break space behind it", raw(lines().replace(",cat", ",cat\u00a0"))),
    told("a label has a zero-width space in it", raw(lines().replace(",cat", ",c\u200bat"))),
    told("a group's running number has 6,000 digits", laid_out(TABLE + 'group = {column = "nr", pattern = "(\\\\d+)", block = 100}', labels__csv=
         "\n".join(["image,label,nr", *(f"{r},{n}" for n, r in enumerate(rows()))]).replace("cat,0\n", f"cat,{HUGE}\n"))),
    told("a group's running number is written in other digits", laid_out(TABLE + 'group = {column = "nr", pattern = "(\\\\d+)", block = 100}', labels__csv=
         "\n".join(["image,label,nr", *(f"{r},{n}" for n, r in enumerate(rows()))]).replace("cat,0\n", "cat,\u0663\n"))),
    told("a group's running number is no number", laid_out(TABLE + 'group = {column = "nr", pattern = "(.+)", block = 100}', labels__csv=
         "\n".join(["image,label,nr", *(f"{r},{n}" for n, r in enumerate(rows()))]).replace("cat,0\n", "cat,x\u00b2\n"))),
    *(
        told(f"a mark of a one-hot table is {what}", laid_out(ONE_HOT, kind="multi-label", labels__csv=one_hot(cell)))
        for what, cell in [
            ("'1e400'", "1e400"), ("NaN", "NaN"), ("infinity", "-inf"), ("6,000 digits", HUGE), ("'0x1'", "0x1"), ("2", "2"),
            ("an Arabic one", "\u0661"), ("'1_0'", "1_0"), ("0.5", "0.5"), ("blank", ""), ("'True'", "True"), ("'1,0' in quotes", '"1,0"'),
        ]
    ),
    *(
        told(f"a corner in a table of boxes is {what}", box_table(f"0.png,cat,2,2,{cell},9"))
        for what, cell in [
            ("NaN", "nan"), ("infinite", "inf"), ("1e308", "1e308"), ("6,000 digits", HUGE), ("'1_2'", "1_2"), ("'12px'", "12px"), ("blank", ""), ("-5", "-5"),
        ]
    ),
    # JSON and COCO
    told("a COCO file is sound", coco(lambda told: None)),
    told("a COCO file has two categories of one id", coco(more("categories", {"id": 1, "name": "dog"}))),
    told("a COCO file has two categories of one name", coco(more("categories", {"id": 7, "name": "cat"}))),
    told("a COCO file has one category twice", coco(more("categories", {"id": 1, "name": "cat"}))),
    told("a COCO file has ids 1 and true", coco(more("categories", {"id": True, "name": "dog"}))),
    told("a COCO file has ids 1 and '1'", coco(more("categories", {"id": "1", "name": "dog"}))),
    told("a COCO file lists one picture under two ids", coco(more("images", {"id": 99, "file_name": "0.png"}))),
    told("a COCO file has two pictures of one id", coco(more("images", {"id": 0, "file_name": "1.png"}))),
    told("a COCO file has boxes of a picture that it does not list", coco(more("annotations", {"image_id": 77, "category_id": 1, "bbox": [1, 1, 5, 5]}))),
    told("a COCO file lists a picture that is not there", coco(more("images", {"id": 99, "file_name": "99.png"}))),
    told("a COCO box is of a category that it does not have", coco(at("annotations.0.category_id", 9))),
    *(
        told(f"a COCO box is {what}", coco(at("annotations.0.bbox", box)))
        for what, box in [
            ("empty", []), ("three numbers", [1, 2, 3]), ("texts", ["a", "b", "c", "d"]), ("null", None), ("a text", "1234"), ("a dict", {"0": 1}),
            ("of NaN", [float("nan")] * 4), ("infinite", [0, 0, float("inf"), 1]), ("of 10 ** 400", [1, 1, 10**400, 5]), ("of true", [True, True, True, True]),
            ("of negative size", [20, 20, -10, -10]), ("of no size", [5, 5, 0, 0]), ("outside", [100, 100, 5, 5]), ("larger than the picture", [-10, -10, 1000, 1000]),
        ]
    ),
    told("a COCO category has no name", coco(at("categories.0.name", None))),
    told("a COCO picture's name is a list", coco(at("images.0.file_name", ["0.png"]))),
    told("a COCO picture's name climbs out", coco(at("images.0.file_name", "../../toy/pics/cat/cat (0).png"))),
    told("a COCO picture's name holds half a letter", coco(at("images.0.file_name", "\ud800.png"))),
    told("a COCO picture's name is empty", coco(at("images.0.file_name", ""))),
    told("a COCO id is a list", coco(at("images.0.id", [0]))),
    told("a COCO id is NaN", coco(at("images.0.id", float("nan")))),
    told("a COCO file's pictures are a dict", coco(at("images", {"0": 1}))),
    told("a COCO file is a list", coco("[]")),
    told("a COCO file is a number", coco("7")),
    told("a COCO file is null", coco("null")),
    told("a COCO file has no boxes", coco(at("annotations", []))),
    told("a COCO file holds a number of 6,000 digits", coco(json.dumps(coco_file()).replace('"id": 0,', f'"id": 0, "area": {HUGE},'))),
    told("a COCO file has one key twice", coco(json.dumps(coco_file())[:-1] + ', "annotations": []}')),
    told("a COCO file is nested 100,000 deep", coco("[" * 100_000 + "]" * 100_000)),
    told("a COCO file is cut", coco(json.dumps(coco_file())[:-30])),
    told("a COCO file is empty", coco("")),
    told("a COCO file ends in a second one", coco(json.dumps(coco_file()) * 2)),
    told("a COCO file has annotations of half a picture: texts among them", coco(more("annotations", "x", None, 7))),
    told("a COCO file's pictures are of another size than it says", coco(at("images.0.width", 400))),
    # YOLO
    *(
        told(f"a YOLO line {what}", yolo(text))
        for what, text in [
            ("has a negative class", "-1 .5 .5 .2 .2"), ("has a class of NaN", "nan .5 .5 .2 .2"), ("has a class of 6,000 digits", f"{HUGE} .5 .5 .2 .2"), ("has class 0.0", "0.0 .5 .5 .2 .2"),
            ("has class 00", "00 .5 .5 .2 .2"), ("has a center of NaN", "0 nan .5 .2 .2"), ("has an infinite width", "0 .5 .5 inf .2"), ("has a width of 6,000 digits", f"0 .5 .5 {HUGE} .2"),
            ("has a negative width", "0 .5 .5 -.2 .2"), ("has a width of zero", "0 .5 .5 0 0"), ("is in pixels", "0 20 15 10 10"), ("has six numbers", "0 .5 .5 .2 .2 .9"), ("is a polygon", "0 .1 .1 .9 .1 .9 .9 .1 .9"),
            ("has commas", "0,.5,.5,.2,.2"), ("has decimal commas", "0 0,5 0,5 0,2 0,2"), ("is NUL", "\0"), ("is a picture", b"\x89PNG\r\n\x1a\n\0\0\0"), ("has a box twice", "0 .5 .5 .2 .2\n0 .5 .5 .2 .2"),
        ]
    ),
    # VOC
    *(
        told(f"a VOC file {what}", voc_file(text))
        for what, text in [
            ("is empty", ""), ("is cut", SOUND[:-20]), ("is in an encoding that there is not", f'<?xml version="1.0" encoding="x-none"?>{SOUND}'),
            ("says UTF-16 and is not", f'<?xml version="1.0" encoding="utf-16"?>{SOUND}'), ("says UTF-7", f'<?xml version="1.0" encoding="utf-7"?>{SOUND}'), ("is UTF-16", f'<?xml version="1.0" encoding="utf-16"?>{SOUND}'.encode("utf-16")),
            ("says hex", f'<?xml version="1.0" encoding="hex"?>{SOUND}'), ("is nested 100,000 deep", "<annotation>" * 100_000 + "</annotation>" * 100_000),
            ("names an outside entity", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SOUND.replace("cat", "&x;")), ("names an outside DTD", '<!DOCTYPE a SYSTEM "http://example.org/a.dtd">' + SOUND),
            ("has two boxes in one object", SOUND.replace("</bndbox>", "</bndbox><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>30</xmax><ymax>20</ymax></bndbox>")),
            ("has two names in one object", SOUND.replace("<bndbox>", "<name>dog</name><bndbox>")), ("has a corner twice", SOUND.replace("<xmax>", "<xmax>30</xmax><xmax>")),
            ("has a corner of 6,000 digits", SOUND.replace("<xmax>12", f"<xmax>{HUGE}")), ("has objects within objects", SOUND.replace("<bndbox>", "<object><name>dog</name></object><bndbox>")), ("has a name space", SOUND.replace("<annotation>", '<annotation xmlns="urn:x">')),
            ("is HTML", "<html><body>404</body></html>"), ("has no object", "<annotation/>"), ("has NUL in a name", SOUND.replace("cat", "ca\0t")), ("has a size of 6,000 digits", SOUND.replace("<object>", f"<size><width>{HUGE}</width><height>1</height></size><object>")),
        ]
    ),
]  # fmt: skip
