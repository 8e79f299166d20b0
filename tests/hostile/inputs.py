"""Label files, names, links and pipes: what lies in a data folder that should not."""

from __future__ import annotations

import os
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from medmat_core import BoxSample, Dataset, LabelSample, MaskSample, readers
from medmat_core.catalog import Catalog
from medmat_core.model import Box, MaskFile, Slice
from medmat_core.subsets import load_subset
from tests.hostile.case import WHOLE, Case, World
from tests.toy import picture, toy_catalog, toy_dataset

ANIMALS: Final = ("cat", "dog", "cow", "eel")


def tabled(
    world: World, text: str | bytes, *, name: str = "labels.csv", by: str = "name", **options: Any
) -> Sequence[Dataset]:
    """The toy data set labelled by a table."""
    world.write(name, text)

    def samples(tree: Any, card: Any) -> Iterator[Any]:
        pictures = readers.Pictures(tree)
        table = readers.rows(tree, name, require=("image", "label"))
        yield from readers.table_labels(tree, table, pictures, image="image", code="label", by=by)

    return [toy_dataset(world.top, samples, **options)]


def rows(count: int = 5) -> list[str]:
    return [f"{animal} ({number}).png,{animal}" for animal in ANIMALS for number in range(count)]


def table(*more: str, header: str = "image,label", by: str = "name") -> Callable[[World], Sequence[Dataset]]:
    return lambda world: tabled(world, "\n".join([header, *rows(), *more]) + "\n", by=by)


def twice_the_header(world: World) -> Sequence[Dataset]:
    lines = [f"{line},{line.rpartition(',')[2]}" for line in rows()]
    lines[0] = "cat (0).png,cat,dog"
    return tabled(world, "\n".join(["image,label,label", *lines]))


def renamed(
    *pairs: tuple[str, str], more: Sequence[str] = (), by: str = "name"
) -> Callable[[World], Sequence[Dataset]]:
    """Files under other names than the table's, or besides."""

    def spoil(world: World) -> Sequence[Dataset]:
        for number, (source, target) in enumerate(pairs):
            if source:
                (world.toy / "pics" / source).rename(world.toy / "pics" / target)
            else:
                picture(world.toy / "pics" / target, 90 + number)
        return tabled(world, "\n".join(["image,label", *rows(), *more]), by=by)

    return spoil


def voc(world: World, *objects: str, size: str = "") -> Catalog:
    """Eight pictures with a VOC file each; the first one's is given."""
    sound = (
        "<object><name>cat</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>{x}</xmax><ymax>12</ymax></bndbox></object>"
    )
    for number in range(8):
        picture(world.data / "boxed/pics" / f"{number}.png", number, (40, 30))
        body = "".join(objects) if number == 0 else sound.format(x=12 + 3 * number)
        text = f"<annotation>{size if number == 0 else ''}{body}</annotation>"
        (world.data / "boxed/pics" / f"{number}.xml").write_text(text)

    def samples(tree: Any, card: Any) -> Iterator[Any]:
        for path in tree.images():
            boxes = readers.voc_boxes(tree, path.replace(".png", ".xml"))
            if boxes is not None:
                yield BoxSample(path, tuple(boxes))

    own = toy_dataset(
        world.top, samples, slug="boxed", folder="boxed", kind="box", labels={"cat": "Cat", "dog": "Dog"},
        head='asks = ["box", "presence"]',
    )  # fmt: skip
    return toy_catalog(own, instructions={**load_subset(43).instructions, **load_subset(2).instructions})


CAT: Final = (
    "<object><name>cat</name><bndbox><xmin>3</xmin><ymin>3</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>"
)


def boxed(box: str, name: str = "cat") -> str:
    return f"<object><name>{name}</name>{box}</object>"


def link(target: str, name: str) -> Callable[[World], None]:
    def spoil(world: World) -> None:
        path = world.toy / "pics" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    return spoil


def cross_linked(world: World) -> None:
    """Folders linked to one another: 2 ** 40 paths."""
    for one in range(6):
        folder = world.toy / "pics" / f"f{one}"
        folder.mkdir()
        for other in range(6):
            (folder / f"to{other}").symlink_to(f"../f{other}")


def ladder(world: World) -> None:
    """A ladder of links without a loop: 2 ** 30 paths."""
    (world.toy / "pics/step30").mkdir()
    for step in range(30):
        folder = world.toy / "pics" / f"step{step:02d}"
        folder.mkdir()
        for side in ("left", "right"):
            (folder / side).symlink_to(f"../step{step + 1:02d}")


def fifo(path: str) -> Callable[[World], None]:
    def spoil(world: World) -> None:
        file = world.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(file)

    return spoil


def folder_in_the_way(world: World) -> None:
    (world.out / "problems.jsonl/x").mkdir(parents=True)


def exchanged_class(world: World) -> None:
    """The class eel is a link to the class cat."""
    (world.toy / "pics/eel").rename(world.top / "eels")
    (world.toy / "pics/eel").symlink_to("cat")


def linked_four_times(world: World) -> None:
    for number in range(4):
        (world.toy / f"pics/cat/more{number}.png").symlink_to("cat (0).png")


def fifo_table(world: World) -> Sequence[Dataset]:
    made = tabled(world, "")
    (world.toy / "labels.csv").unlink()
    os.mkfifo(world.toy / "labels.csv")
    return made


def yields(*items: Any, kind: str = "single-label") -> Callable[[World], Sequence[Dataset]]:
    def spoil(world: World) -> Sequence[Dataset]:
        def samples(tree: Any, card: Any) -> Iterator[Any]:
            yield from readers.class_folders(tree, card)
            yield from items

        return [toy_dataset(world.top, samples, kind=kind)]

    return spoil


def named(*names: str) -> Callable[[World], None]:
    """Further pictures of the class cat under these names."""

    def spoil(world: World) -> None:
        for number, name in enumerate(names):
            made = picture(world.top / "made.png", 200 + number)
            target = os.fsencode(world.toy / "pics/cat") + b"/" + os.fsencode(name)
            os.rename(made, target)  # noqa: PTH104

    return spoil


def volume(shape: tuple[int, ...]) -> Callable[[World], Sequence[Dataset]]:
    """A NumPy file whose header claims a shape."""

    def spoil(world: World) -> Sequence[Dataset]:
        (world.toy / "pics").mkdir(exist_ok=True)
        with (world.toy / "pics/volume.npy").open("wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
            file.write(bytes(64))

        def samples(tree: Any, card: Any) -> Iterator[Any]:
            yield from readers.class_folders(tree, card)
            for slice_ in readers.slices_of(tree, "pics/volume.npy"):
                yield LabelSample(slice_, ("cat",))

        return [toy_dataset(world.top, samples)]

    return spoil


def spreadsheet(how: str) -> Callable[[World], Sequence[Dataset]]:
    """A spreadsheet with labels that is damaged in one of several ways."""

    def spoil(world: World) -> Sequence[Dataset]:
        import openpyxl

        book = openpyxl.Workbook()
        page = book.active
        page.append(["image", "label"])
        for row in rows():
            page.append(row.split(","))
        if how == "formula":
            page["B2"] = '=HYPERLINK("http://example.org","cat")'
        path = world.toy / "labels.xlsx"
        book.save(path)
        raw = path.read_bytes()
        if how == "cut":
            path.write_bytes(raw[: len(raw) // 2])
        elif how == "empty":
            path.write_bytes(b"")
        elif how == "not a zip":
            path.write_bytes(b"image;label\n")
        elif how != "formula":
            with zipfile.ZipFile(path) as old:
                parts = {name: old.read(name) for name in old.namelist()}
            sheet = "xl/worksheets/sheet1.xml"
            if how == "torn sheet":
                parts[sheet] = parts[sheet][: len(parts[sheet]) // 2]
            elif how == "no sheet":
                del parts[sheet]
            elif how == "no workbook":
                del parts["xl/workbook.xml"]
            elif how == "entities":
                parts[sheet] = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + parts[sheet].replace(
                    b"cat", b"&b;"
                )
            elif how == "bad number":
                parts[sheet] = parts[sheet].replace(b'<c r="A2"', b'<c r="A2" s="99999"')
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
                for name, body in parts.items():
                    new.writestr(name, body)
            if how == "flipped bytes":
                raw = bytearray(path.read_bytes())
                for place in range(200, len(raw) - 400, 37):
                    raw[place] ^= 0xFF
                path.write_bytes(raw)
        world.write("unused.csv", "")

        def samples(tree: Any, card: Any) -> Iterator[Any]:
            table_ = readers.rows(tree, "labels.xlsx", require=("image", "label"))
            yield from readers.table_labels(
                tree, table_, readers.Pictures(tree), image="image", code="label", by="name"
            )

        return [toy_dataset(world.top, samples)]

    return spoil


def both_forms(world: World) -> Sequence[Dataset]:
    """é as one character and as two, both on disk, of two classes."""
    one, two = unicodedata.normalize("NFC", "é.png"), unicodedata.normalize("NFD", "é.png")
    picture(world.toy / "pics/cat" / one, 301)
    picture(world.toy / "pics/dog" / two, 302)
    return tabled(world, "\n".join(["image,label", *rows(), f"{one},cat", f"{two},dog"]))


CASES: Final[Sequence[Case]] = [
    # tables
    Case("a CSV table has two columns of one name that agree", table(), records=WHOLE),
    Case("a CSV table has two columns of one name that differ in a row", twice_the_header, 1, {"bad_row": 1}, records=WHOLE - 1,
         detail="two columns 'label'"),
    Case("a table names a.jpg, and A.jpg lies there", renamed(("cat/cat (0).png", "cat/CAT (0).PNG")), 0, {}, {"other_spelling": 1}, WHOLE),
    Case("a table names a picture that lies there in two other spellings",
         renamed(("cat/cat (0).png", "cat/CAT (0).png"), ("", "cat/Cat (0).png")), 1, {"missing_image": 1}, None, WHOLE - 1, detail="may be any of"),
    Case("two pictures differ in letter case alone, and the table names both",
         renamed(("", "dog/CAT (0).png"), more=["CAT (0).png,dog"]), 0, {}, {}, WHOLE + 1),
    Case("a name lies there in NFC and in NFD, as two pictures", both_forms, records=WHOLE + 2,
         comes_of_it="each row finds its own picture"),
    Case("a table names a picture in NFD that lies there in NFC", renamed(("cat/cat (0).png", "cat/caté.png"), more=[f"{unicodedata.normalize('NFD', 'caté.png')},cat"]),
         1, {"missing_image": 1}, {"other_spelling": 1}, WHOLE),
    *(
        Case(f"a cell of a table holds {what}", table(f"{cell},cat"), 1, {reason: 1}, {}, WHOLE)
        for what, cell, reason in [
            ("a path that climbs out", "../../../etc/passwd", "path_escapes"),
            ("a path that climbs out with backslashes", "..\\..\\secret.png", "path_escapes"),
            ("a name with NUL", "a\0b.png", "missing_image"),
            ("a name of 100,000 letters", "a" * 100_000, "missing_image"),
            ("control characters", "\x1b[2J\x9b.png", "missing_image"),
            ("an absolute path", "/etc/passwd", "missing_image"),
            ("a device's name", "CON", "missing_image"),
            ("a shell command", "$(reboot).png", "missing_image"),
        ]
    ),
    *(
        Case(f"a label is {what}", table(f'"cat (0).png","{label}"'), 1, None, None, None, detail=told)
        for what, label, told in [
            ("a spreadsheet formula", "=HYPERLINK(1)", "HYPERLINK"), ("a command for a spreadsheet", "=cmd|' /C calc'!A0", "calc"),
            ("a class of another data set", "platypus", "platypus"), ("a text of 100,000 letters", "x" * 100_000, r"\.\.\."),
        ]
    ),
    Case("the table is empty", lambda world: tabled(world, ""), 1, None, None, 0),
    Case("the table is one NUL", lambda world: tabled(world, b"\0"), 1, None, None, 0),
    Case("the table is random bytes", lambda world: tabled(world, np.random.default_rng(1).bytes(5000)), 1, None, None, 0),
    Case("the table is one quote", lambda world: tabled(world, 'image,label\n"' + "a\n" * 5000), 1, None, None, 0),
    Case("the table is a picture", lambda world: tabled(world, (world.toy / "pics/cat/cat (0).png").read_bytes()), 1, None, None, 0),
    Case("the table's header is in Latin-1 and its rows in UTF-8", lambda world: tabled(world, b"image,label,\xe9\n" + "\n".join(f"{r},é" for r in rows()).encode()), 0, records=WHOLE),
    Case("the table is UTF-16 cut in half a letter", lambda world: tabled(world, "\n".join(["image,label", *rows()]).encode("utf-16")[:-1]), 1, None, None, 0),
    *(
        Case(f"a spreadsheet is damaged: {how}", spreadsheet(how), 1, None, None, None, detail="spreadsheet|column|empty|no usable|not a zip|bad")
        for how in ("cut", "empty", "not a zip", "torn sheet", "no sheet", "no workbook", "entities", "flipped bytes")
    ),
    Case("a label in a spreadsheet is a formula", spreadsheet("formula"), 1, {"bad_row": 1}, {}, WHOLE - 1),
    # boxes
    Case("a VOC file is sound", lambda world: voc(world, CAT)),
    *(
        Case(f"the only box of a VOC object {what}", lambda world, box=box: voc(world, boxed(box)), 1, {"bad_box": 1}, None)  # type: ignore[misc]
        for what, box in [
            ("is missing", ""),
            ("has no numbers", "<bndbox><xmin>a</xmin><ymin>b</ymin><xmax>c</xmax><ymax>d</ymax></bndbox>"),
            ("has three corners", "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax></bndbox>"),
            ("is NaN", "<bndbox><xmin>nan</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"),
            ("is infinite", "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>inf</xmax><ymax>9</ymax></bndbox>"),
            ("lies outside", "<bndbox><xmin>100</xmin><ymin>100</ymin><xmax>110</xmax><ymax>110</ymax></bndbox>"),
            ("has swapped corners", "<bndbox><xmin>9</xmin><ymin>9</ymin><xmax>2</xmax><ymax>2</ymax></bndbox>"),
        ]
    ),
    Case("one of two boxes of a class cannot be read", lambda world: voc(world, CAT, boxed("<bndbox/>")), 1, {"bad_box": 1}, None),
    Case("a VOC object has no name", lambda world: voc(world, CAT.replace("cat", "")), 1, {"unknown_label": 1}, None),
    Case("a VOC object is of an unknown class", lambda world: voc(world, CAT.replace("cat", "yak")), 1, {"unknown_label": 1}, None),
    Case("a VOC file's <size> contradicts the picture", lambda world: voc(world, CAT, size="<size><width>640</width><height>480</height></size>"),
         1, {"bad_file": 1}, None, detail="640 x 480"),
    Case("a VOC file's <size> is zero", lambda world: voc(world, CAT, size="<size><width>0</width><height>0</height></size>")),
    Case("a VOC file's <size> is a text", lambda world: voc(world, CAT, size="<size><width>x</width></size>")),
    Case("a VOC file expands entities", lambda world: voc(world, CAT, size="<!DOCTYPE lolz [<!ENTITY a 'b'>]>"), 1, {"bad_file": 1}, None),
    # what adapters say of the wrong kind
    Case("a label set yields boxes", yields(BoxSample("pics/cat/cat (0).png", (Box("cat", (1, 1, 5, 5)),))), 3, {"reader_failed": 1}, {}, WHOLE, told="BoxSample"),
    Case("a label set yields masks", yields(MaskSample("pics/cat/cat (0).png", (MaskFile("pics/cat/cat (1).png", "cat"),))), 3, {"reader_failed": 1}, {}, WHOLE, told="MaskSample"),
    *(
        Case(f"an adapter names {what}", yields(LabelSample(path, ("cat",))), 1, {reason: 1}, {}, WHOLE)
        for what, path, reason in [
            ("a path with NUL", "pics/a\0b.png", "bad_image"),
            ("a path that climbs out", "../../out/x.png", "path_escapes"),
            ("an absolute path", "/etc/passwd", "path_escapes"),
            ("no path at all", "", "bad_image"),
            ("a folder", "pics/cat", "bad_image"),
            ("a name of 250 bytes that is not there", "n" * 246 + ".png", "missing_image"),
            ("a name of 5,000 bytes", "n" * 5000 + ".png", "bad_image"),
            ("a name that is no UTF-8", "pics/\udcff.png", "bad_name"),
            ("a slice of a picture", Slice("pics/cat/cat (0).png", 3), "bad_image"),
            ("a slice of what is not there", Slice("pics/none.nii.gz", 3), "missing_image"),
        ]
    ),
    # links, pipes
    Case("a class folder is linked to a sibling of like name", link("cat", "cats"), 1, {"unknown_label": 1}, {}, WHOLE,
         detail="no class of the card"),
    Case("a class folder is linked to another class", exchanged_class,
         1, {"contradictory_label": 10}, {}, 10),
    Case("links ask one picture four times", linked_four_times,
         0, {}, {"copy": 4}, WHOLE),
    Case("folders are linked to one another", cross_linked, 1, None, None, WHOLE),
    Case("links make a ladder of 2 ** 30 paths", ladder, 1, None, None, WHOLE),
    Case("a folder is linked to itself", link(".", "cat/self"), 0, {}, {}, WHOLE),
    Case("a folder is linked to the root of the disk's top folder above it", link("../..", "cat/up"), 0, {}, {}, WHOLE),
    Case("a link leads nowhere", link("nowhere", "cat/a.png"), 1, {"bad_image": 1}, {}, WHOLE),
    Case("a link leads to itself", link("a.png", "cat/a.png"), 1, {"bad_image": 1}, {}, WHOLE),
    Case("a picture is a pipe", fifo("med-mat/toy/pics/cat/a.png"), 1, {"bad_image": 1}, {}, WHOLE),
    Case("a picture is a link to an endless device", link("/dev/zero", "cat/a.png"), 1, None, None, WHOLE),
    Case("a pipe lies among the pictures", fifo("med-mat/toy/pics/cat/readme"), 0, {}, {}, WHOLE),
    Case("a label file is a pipe", fifo_table, 1, None, None, 0),
    Case("the manifest in OUT is a pipe", fifo("out/manifest.json"), 2, {}, {}, 0, comes_of_it="refused before work begins: something of that name is in the way"),
    Case("problems.jsonl in OUT is a folder", folder_in_the_way, 2, None, None, 0, comes_of_it="refused before work begins: something of that name is in the way"),
    # names
    Case("picture names hold # and %23", named("a#1.png", "b#0003.png", "c%23.png"), records=WHOLE + 3),
    Case("picture names hold quotes, newlines and HTML", named("a'b\".png", "a\nb.png", "<script>alert(1)</script>.png".replace("/", "∕")), records=WHOLE + 3),
    Case("picture names hold control characters and turned text", named("\x1b[31mred.png", "a\u202egnp.png"), records=WHOLE + 2),
    Case("a picture's name is no UTF-8", named("\udcff\udcfe.png"), 1, {"bad_name": 1}, {}, WHOLE),
    Case("picture names have 250 bytes", named("é" * 123 + ".png", "x" * 246 + ".png"), records=WHOLE + 2),
    Case("picture names begin with a dash, a dot or a blank", named("-rf.png", " a.png", "..a.png"), records=WHOLE + 3),
    Case("a picture's name is its suffix alone", named(".png"), 0, None, None, None),
    # volumes
    Case("a volume has an axis of no length", volume((4, 4, 0)), 1, {"bad_image": 1}, {}, WHOLE),
    Case("a volume claims a negative axis", volume((4, 4, -3)), 1, {"bad_image": 1}, {}, WHOLE),
    Case("a volume claims 2 ** 40 slices", volume((4, 4, 2**40)), 1, {"bad_image": 1}, {}, WHOLE),
    Case("a volume has one axis", volume((64,)), 1, {"bad_image": 1}, {}, WHOLE),
]  # fmt: skip
