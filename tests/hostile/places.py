"""Names of files and folders, rights, links: where data lie, and where they should not."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from medmat_core import Dataset
from medmat_core.catalog import Catalog
from tests.hostile.case import Case, World, told
from tests.hostile.labels import TABLE, laid_out
from tests.hostile.labels import lines as table_lines
from tests.toy import picture, toy_card, toy_dataset


def another(name: str, *, under: str = "pics/cat") -> Callable[[World], None]:
    """One more picture of this name, whatever its bytes."""

    def spoil(world: World) -> None:
        made = picture(world.top / "made.png", 77)
        target = os.fsencode(world.toy / under) + b"/" + os.fsencode(name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.rename(made, target)  # noqa: PTH104

    return spoil


def classes(name: str) -> Callable[[World], None]:
    """The class folder cat under another name."""
    return lambda world: os.rename(  # noqa: PTH104
        os.fsencode(world.toy / "pics/cat"), os.fsencode(world.toy / "pics") + b"/" + os.fsencode(name)
    )


def both_names(world: World) -> None:
    """One class folder in NFC, another in NFD; the card has one of them."""
    for form in ("NFC", "NFD"):
        picture(world.toy / "pics" / unicodedata.normalize(form, "caf\u00e9") / f"{form}.png", len(form) + ord(form[2]))


def deep(world: World) -> None:
    folder = world.toy / "pics/cat"
    for _ in range(120):
        folder = folder / "d"
    picture(folder / "x.png", 77)


def table_above(name: str) -> Callable[[World], Sequence[Dataset]]:
    """A card whose table lies outside --data."""

    def spoil(world: World) -> Sequence[Dataset]:
        (world.top / "secret.csv").write_text(table_lines())
        (world.data / "near.csv").write_text(table_lines())
        return laid_out(TABLE.replace("labels.csv", name.format(top=world.top)))(world)

    return spoil


def card_with(head: str = "", tables: str = "", **files: str) -> Callable[[World], Sequence[Dataset]]:
    def spoil(world: World) -> Sequence[Dataset]:
        for name, content in files.items():
            world.write(name.replace("__", "."), content)
        (world.top / "outside").mkdir()
        picture(world.top / "outside/cat/x.png", 78)
        return [Dataset.of_card(toy_card(world.top, head=head, tables=tables).path)]

    return spoil


def data_called(name: str) -> Callable[[World], Catalog | None]:
    """--data itself is called so: the case's own folder is a link to it."""

    def spoil(world: World) -> None:
        target = os.fsencode(world.top) + b"/" + os.fsencode(name)
        os.rename(world.data, target)  # noqa: PTH104
        world.data.symlink_to(os.fsdecode(target))

    return spoil


def folder_of(name: str) -> Callable[[World], Sequence[Dataset]]:
    """The card looks for a folder of this name."""

    def spoil(world: World) -> Sequence[Dataset]:
        (world.top / "elsewhere").mkdir()
        return [toy_dataset(world.top, folder=name)]

    return spoil


def file_for_folder(world: World) -> None:
    import shutil

    shutil.rmtree(world.toy)
    world.toy.write_text("not a folder")


FOLDERS: Final = '[layout]\nkind = "class-folders"\n'

CASES: Final[Sequence[Case]] = [
    *(
        told(f"a picture's name {what}", another(name))
        for what, name in [
            ("has 255 bytes", "x" * 251 + ".png"), ("is emoji", "\U0001f480\u200d\U0001f9e0.png"), ("ends in a blank", "a.png "), ("ends in a dot", "a.png."), ("has two suffixes", "a.png.jpg"),
            ("is in upper case", "A.PNG"), ("is a line end", "\n.png"), ("is a dash", "-.png"), ("is --help", "--help.png"), ("holds a backslash", "a\\b.png"), ("holds the end of a terminal's line", "\x1b]0;x\x07.png"),
            ("is CON", "CON.png"), ("is a letter that casefolds to two", "\u00df.png"), ("is Turkish", "\u0130\u0131.png"), ("holds a zero-width joiner", "a\u200db.png"), ("is one letter of four billion", "\U0010ffff.png"),
            ("is ~", "~.png"), ("is a glob", "[a-z]*?.png"), ("is a format string", "{0}%s%n.png"), ("is a variable", "$HOME.png"), ("is a URL", "http:__x.png"), ("is half UTF-8", "\udcc3.png"),
        ]
    ),
    *(
        told(f"a class folder is called {what}", classes(name))
        for what, name in [
            ("in upper case", "CAT"), ("with a blank behind", "cat "), ("with a line end behind", "cat\n"), ("no UTF-8", "\udcff"), ("with a zero-width space", "c\u200bat"), ("in full-width letters", "\uff43\uff41\uff54"), ("..cat", "..cat"),
        ]
    ),
    told("two class folders differ in their form of Unicode alone", both_names),
    told("a picture lies 120 folders deep", deep),
    told("the data set's folder is a file", file_for_folder),
    *(
        told(f"a card's table lies {what}", table_above(name))
        for what, name in [("above --data", "../../secret.csv"), ("in another data set", "../near.csv"), ("at an absolute path", "{top}/secret.csv"), ("at a path with a dot", "./labels.csv"), ("on the way out and back", "../toy/labels.csv")]
    ),
    *(
        told(f"a card's {what}", card_with(tables=tables))
        for what, tables in [
            ("class folders lie above --data", FOLDERS + 'under = "../../outside"'), ("class folders lie at an absolute path", FOLDERS + 'under = "/etc"'), ("class folders lie under {part}", FOLDERS + 'under = "{part}"'),
            ("masks lie above --data", '[layout]\nkind = "masks"\nmasks = "../../outside"\nlabel = "cat"'), ("part list lies above --data", FOLDERS + 'split = {lists = {train = "../../secret.csv"}}'),
            ("group table lies above --data", FOLDERS + 'group = {table = "../../secret.csv", key = "image", column = "label"}'), ("pattern of files left alone is 5,000 stars", '[[ignored]]\npattern = "' + "*a" * 2500 + '"\nreason = "x"\n' + FOLDERS),
            ("COCO file lies above --data", '[layout]\nkind = "coco"\nfile = "../../secret.json"'), ("VOC files lie above --data", '[layout]\nkind = "voc"\npictures = "pics"\nboxes = "../../outside"'),
        ]
    ),
    *(
        told(f"a card looks for the folder {what}", folder_of(name))
        for what, name in [("..", ".."), ("../elsewhere", "../elsewhere"), ("/etc", "/etc"), (".", "."), ("toy/pics", "toy/pics")]
    ),
    *(told(f"--data is called {what}", data_called(name)) for what, name in [("with a line end", "a\nb"), ("with quotes", "a'\"b"), ("no UTF-8", "\udcff"), ("with turned text", "\u202eab"), ("%s{0}", "%s{0}")]),
]  # fmt: skip
