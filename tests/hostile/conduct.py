"""What else a plugin may do to whoever calls it, and files that change while a build looks at them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from medmat_core import Dataset, LabelSample, readers
from tests.hostile.adapters import neighbor
from tests.hostile.case import Case, World, told
from tests.toy import picture, toy_dataset

Deed = Callable[[World], Any]


def doing(deed: Deed, *, after: bool = True) -> Callable[[World], Sequence[Dataset]]:
    """The toy's adapter does it before or after its samples; a sound data set is built after it."""

    def spoil(world: World) -> Sequence[Dataset]:
        def samples(tree: Any, card: Any) -> Iterator[Any]:
            if not after:
                deed(world)
            yield from readers.class_folders(tree, card)
            if after:
                deed(world)

        return [toy_dataset(world.top, samples), neighbor(world)]

    return spoil


def yielded(item: Any) -> Callable[[World], Sequence[Dataset]]:
    """The toy's adapter yields its samples and then this, perhaps of one more picture, ``more.png``."""

    def spoil(world: World) -> Sequence[Dataset]:
        picture(world.toy / "more.png", 77)

        def samples(tree: Any, card: Any) -> Iterator[Any]:
            yield from readers.class_folders(tree, card)
            yield item

        return [toy_dataset(world.top, samples), neighbor(world)]

    return spoil


class Sly(str):
    """A text that says something else each time."""

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        raise ValueError("no hash")


class Endless:
    """An exception's argument whose text never ends to grow."""

    def __str__(self) -> str:
        return "x" * 50_000_000


def raising(error: BaseException) -> Deed:
    def deed(world: World) -> None:
        raise error

    return deed


def grouped() -> BaseException:
    return ExceptionGroup("several\nlines", [ValueError("one"), KeyError("two")])


def chained(world: World) -> None:
    error: Exception | None = None
    for _ in range(3000):
        deeper = ValueError("deeper")
        deeper.__cause__ = error
        error = deeper
    assert error is not None
    raise error


def first(world: World) -> Path:
    return world.toy / "pics/cat/cat (0).png"


def misreporting(world: World) -> Sequence[Dataset]:
    def samples(tree: Any, card: Any) -> Iterator[Any]:
        yield from readers.class_folders(tree, card)
        tree.problems.append("x")

    return [toy_dataset(world.top, samples), neighbor(world)]


def replace_by_folder(world: World) -> None:
    first(world).unlink()
    first(world).mkdir()


def replace_by_pipe(world: World) -> None:
    first(world).unlink()
    os.mkfifo(first(world))


def replace_by_link(world: World) -> None:
    first(world).unlink()
    first(world).symlink_to("/etc/passwd")


def cut(world: World) -> None:
    os.truncate(first(world), 40)


def move_out(world: World) -> None:
    shutil.rmtree(world.out)


def move_work(world: World) -> None:
    shutil.rmtree(world.out / ".medmat-work")


def stranger_in_out(world: World) -> None:
    (world.out / "manifest.json").write_text("mine")


def no_more_files(world: World) -> None:
    shutil.rmtree(world.toy)


CASES: Final[Sequence[Case]] = [
    *(
        told(f"while a build looks, {what}", doing(deed, after=after), comes_of_it=comes)
        for what, deed, after, comes in [
            ("a picture is removed", lambda world: first(world).unlink(), True, ""),
            ("a picture becomes a folder", replace_by_folder, True, ""),
            ("a picture becomes a pipe", replace_by_pipe, True, ""),
            ("a picture becomes a link to a file of the system", replace_by_link, True, ""),
            ("a picture is cut", cut, True, ""),
            ("a picture is removed before it is listed", lambda world: first(world).unlink(), False, ""),
            ("the data set is removed", no_more_files, True, ""),
            ("the data set is removed before it is listed", no_more_files, False, ""),
            ("OUT is removed", move_out, True, "the build ends in one line"),
            ("the work folder is removed", move_work, True, "the build ends in one line"),
            ("somebody writes a manifest into OUT", stranger_in_out, True, "the build ends in one line"),
        ]
    ),
    *(
        told(f"an adapter {what}", doing(deed))
        for what, deed in [
            ("goes to another folder", lambda world: os.chdir("/")),
            ("allows itself and others 100 calls in one another", lambda world: sys.setrecursionlimit(100)),
            ("makes a second process, which goes on as the first", lambda world: os.fork() or sys.exit(0)),
            ("raises an exception of 50,000,000 letters", raising(ValueError(Endless()))),
            ("raises several exceptions at once", raising(grouped())),
            ("raises an exception with 3,000 causes", chained),
            ("raises BrokenPipeError", raising(BrokenPipeError(32, "Broken pipe"))),
            ("raises click's Abort", raising(__import__("click").Abort())),
            ("raises click's Exit", raising(__import__("click").exceptions.Exit(0))),
            ("raises a full disk", raising(OSError(28, "No space left on device", "/somewhere"))),
        ]
    ),
    told("an adapter reports problems that are none", misreporting),
    *(
        told(f"an adapter yields {what}", yielded(item))
        for what, item in [
            ("a text that cannot be hashed as a picture", LabelSample(Sly("pics/cat/cat (0).png"), ("cat",))),
            ("a text that cannot be hashed as a label", LabelSample("more.png", (Sly("cat"),))),
            ("a group of 10,000,000 letters", LabelSample("more.png", ("cat",), group="g" * 10**7)),
            ("a group with half a letter", LabelSample("more.png", ("cat",), group="\ud800")),
            ("a group with a line end", LabelSample("more.png", ("cat",), group="a\nb\0c")),
            ("a label with half a letter", LabelSample("more.png", ("\ud800",))),
            ("a label of no letters", LabelSample("more.png", ("",))),
            ("a sample without a label", LabelSample("more.png", ())),
            ("one label twice", LabelSample("more.png", ("cat", "cat"))),
            ("a label both stated and absent", LabelSample("more.png", ("cat",), (), ("cat",))),
            ("a picture called '.'", LabelSample(".", ("cat",))),
            ("a picture below a picture", LabelSample("pics/cat/cat (0).png/x.png", ("cat",))),
            ("a picture with dots in its path", LabelSample("pics/./cat//cat (0).png", ("cat",))),
        ]
    ),
]  # fmt: skip
