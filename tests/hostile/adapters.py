"""Plugins that break: in an adapter, in the hook that decodes masks, and what they yield."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, Final

import numpy as np

from medmat_core import BoxSample, Dataset, LabelSample, MaskSample, Problem, hookimpl, readers
from medmat_core.catalog import Catalog, load_catalog
from medmat_core.errors import BuildError, StrictError, UsageError
from medmat_core.model import Box, Slice
from tests.hostile.case import WHOLE, Case, World
from tests.toy import ToyPlugin, picture, toy_card, toy_catalog, toy_dataset, zoo


class Whim(BaseException):
    """As plugins raise who know no better."""


class Mute(Exception):  # noqa: N818
    """Cannot be told."""

    def __str__(self) -> str:
        raise ValueError("no words")


class Unseen:
    """Cannot be shown."""

    def __repr__(self) -> str:
        raise ValueError("no words")


def breaking(error: BaseException | type[BaseException], when: str) -> Callable[[World], Sequence[Dataset]]:
    """The toy data set and a sound neighbor; the toy's adapter raises before, amid or after its samples, or where it is
    called."""

    def spoil(world: World) -> Sequence[Dataset]:
        if when == "called":

            def samples(tree: Any, card: Any) -> Any:
                raise error
        else:

            def samples(tree: Any, card: Any) -> Iterator[Any]:
                found = list(readers.class_folders(tree, card))
                yield from found[: {"before": 0, "amid": 10, "after": 20}[when]]
                raise error

        return [toy_dataset(world.top, samples), neighbor(world)]

    return spoil


def neighbor(world: World) -> Dataset:
    """A sound data set beside."""
    zoo(world.top / "aside")
    (world.top / "aside/toy").rename(world.data / "sound")
    return toy_dataset(world.top, slug="sound", folder="sound")


def yielding(*items: Any) -> Callable[[World], Sequence[Dataset]]:
    """The toy's adapter yields its samples, and then these."""

    def spoil(world: World) -> Sequence[Dataset]:
        def samples(tree: Any, card: Any) -> Iterator[Any]:
            yield from readers.class_folders(tree, card)
            yield from items

        return [toy_dataset(world.top, samples), neighbor(world)]

    return spoil


def returning(value: Any) -> Callable[[World], Sequence[Dataset]]:
    return lambda world: [toy_dataset(world.top, lambda tree, card: value), neighbor(world)]


ERRORS: Final[Sequence[tuple[str, Any]]] = [
    ("KeyError", KeyError("column")),
    ("an AssertionError without a word", AssertionError),
    ("an OSError", OSError(5, "Input/output error")),
    ("a UnicodeDecodeError", UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")),
    ("a RecursionError", RecursionError("maximum recursion depth exceeded")),
    ("a MemoryError", MemoryError),
    ("a StopIteration", StopIteration("early")),
    ("a GeneratorExit", GeneratorExit),
    ("sys.exit()", SystemExit),
    ("sys.exit(0)", SystemExit(0)),
    ("sys.exit with a text", SystemExit("good bye")),
    ("a BaseException of its own", Whim("no")),
    ("an exception that cannot be told", Mute()),
    ("an exception with control characters", ValueError("\x1b[2J\x9b31m\u202eevil\r\nmedmat: all is well")),
    ("medmat's own StrictError", StrictError("not mine")),
    ("medmat's own UsageError", UsageError("not mine")),
    ("medmat's own BuildError", BuildError("not mine")),
    ("a warning as an error", UserWarning("careful")),
]

_BAD_ITEMS: Final[Sequence[tuple[str, Any]]] = [
    ("None", None),
    ("a text", "pics/cat/cat (0).png"),
    ("a tuple of a sample's fields", ("pics/cat/cat (0).png", ("cat",))),
    ("an object that cannot be shown", Unseen()),
    ("a class instead of a sample", LabelSample),
    ("a sample whose image is bytes", LabelSample(b"pics/cat/cat (0).png", ("cat",))),  # type: ignore[arg-type]
    ("a sample whose image is None", LabelSample(None, ("cat",))),  # type: ignore[arg-type]
    ("a sample whose image is a number", LabelSample(7, ("cat",))),  # type: ignore[arg-type]
    ("a sample whose image is a NumPy text", LabelSample(np.str_("pics/cat/cat (0).png"), ("cat",))),
    ("a sample whose label is a text, not a tuple", LabelSample("pics/cat/cat (0).png", "cat")),  # type: ignore[arg-type]
    ("a sample whose labels are a list", LabelSample("pics/cat/cat (0).png", ["cat"])),  # type: ignore[arg-type]
    ("a sample whose label is a number", LabelSample("pics/cat/cat (0).png", (1,))),  # type: ignore[arg-type]
    ("a sample whose label is None", LabelSample("pics/cat/cat (0).png", (None,))),  # type: ignore[arg-type]
    ("a sample with a million labels", LabelSample("pics/cat/cat (0).png", ("cat",) * 1_000_000)),
    ("a sample whose group is a number", LabelSample("pics/cat/cat (0).png", ("cat",), group=7)),  # type: ignore[arg-type]
    ("a sample whose group is NaN", LabelSample("pics/cat/cat (0).png", ("cat",), group=float("nan"))),  # type: ignore[arg-type]
    ("a sample of a part that is none", LabelSample("pics/cat/cat (0).png", ("cat",), split="dev")),  # type: ignore[arg-type]
    ("a sample whose part is a list", LabelSample("pics/cat/cat (0).png", ("cat",), split=["train"])),  # type: ignore[arg-type]
    ("a slice whose number is a text", LabelSample(Slice("a.nii", "3"), ("cat",))),  # type: ignore[arg-type]
    ("a slice of a negative number", LabelSample(Slice("a.nii", -3), ("cat",))),
    ("a slice along a fourth axis", LabelSample(Slice("a.nii", 0, 3), ("cat",))),
    ("masks that are a dict", MaskSample("pics/cat/cat (0).png", {"cat": "m.png"})),  # type: ignore[arg-type]
    ("boxes that are tuples", BoxSample("pics/cat/cat (0).png", ((1, 2, 3, 4),))),  # type: ignore[arg-type]
    ("a box with three corners", BoxSample("pics/cat/cat (0).png", (Box("cat", (1, 2, 3)),))),  # type: ignore[arg-type]
    ("a box whose corners are texts", BoxSample("pics/cat/cat (0).png", (Box("cat", ("a", "b", "c", "d")),))),  # type: ignore[arg-type]
    ("a problem whose file is None", Problem("bad_row", None, "")),  # type: ignore[arg-type]
    ("a problem whose row is a text", Problem("bad_row", "a.csv", "", "7")),  # type: ignore[arg-type]
]


def never_ending(world: World) -> Sequence[Dataset]:
    """An adapter that yields one picture for ever."""

    def samples(tree: Any, card: Any) -> Iterator[Any]:
        for _ in count():
            yield LabelSample("pics/cat/cat (0).png", ("cat",))

    return [toy_dataset(world.top, samples), neighbor(world)]


def not_getting_on(how: str, *, at_once: bool = False) -> Callable[[World], Sequence[Dataset]]:
    """An adapter that hangs in one of several ways, after its samples or at once."""

    def hang() -> None:
        if how == "loop":
            while True:
                pass
        elif how == "sleep":
            time.sleep(10**6)
        elif how == "regular expression":
            import re

            re.match(r"(a+)+$", "a" * 60 + "!")
        elif how == "swallow":
            end = 0
            while end < 3:  # it hears it, and goes on for a while
                try:
                    while True:
                        pass
                except BaseException:
                    end += 1
            raise ValueError("now")
        elif how == "sleep in C":
            import ctypes

            while True:
                ctypes.CDLL(None).usleep(10**9)
        elif how == "memory":
            held = []
            while True:
                held.append(object())

    def spoil(world: World) -> Sequence[Dataset]:
        def samples(tree: Any, card: Any) -> Iterator[Any]:
            if not at_once:
                yield from readers.class_folders(tree, card)
            hang()

        return [toy_dataset(world.top, samples), neighbor(world)]

    return spoil


class Hooked(ToyPlugin):
    """A plugin whose hook for masks does what it likes."""

    answer: Callable[..., Any]

    @hookimpl
    def medmat_regions(self, mask: Any, size: Any, root: Any) -> Any:
        return type(self).answer(mask, size)


def hook_that(answer: Callable[[Any, tuple[int, int]], Any]) -> Callable[[World], Catalog]:
    """A data set of one mask a picture; the hook answers for each."""

    def spoil(world: World) -> Catalog:
        from tests.hostile import hooked

        for number in range(8):
            picture(world.data / "masked/pics" / f"{number}.png", number, (40, 30))
        hooked.answer = answer
        hooked.where = world.top
        return load_catalog(plugins=[hooked])

    return spoil


def _raise(error: Any) -> Callable[[Any, tuple[int, int]], Any]:
    def answer(mask: Any, size: tuple[int, int]) -> Any:
        raise error

    return answer


def _endless(mask: Any, size: tuple[int, int]) -> Iterator[Any]:
    for _ in count():
        yield "polyp", np.zeros((1, 1), np.uint8)


_ANSWERS: Final[Sequence[tuple[str, Callable[[Any, tuple[int, int]], Any]]]] = [
    ("raises a KeyError", _raise(KeyError("x"))),
    ("calls sys.exit", _raise(SystemExit(4))),
    ("raises a BaseException of its own", _raise(Whim("no"))),
    ("raises a MemoryError", _raise(MemoryError())),
    ("raises an exception that cannot be told", _raise(Mute())),
    ("gives a number", lambda mask, size: 7),
    ("gives a text", lambda mask, size: "polyp"),
    ("gives a list of numbers", lambda mask, size: [1, 2, 3]),
    ("gives a list instead of an array", lambda mask, size: [("polyp", [[1, 1], [0, 1]])]),
    ("gives an array of another shape", lambda mask, size: [("polyp", np.ones((3, 3), np.uint8))]),
    ("gives width and height exchanged", lambda mask, size: [("polyp", np.ones(size, np.uint8))]),
    ("gives a code that is a list", lambda mask, size: [(["polyp"], np.ones(size[::-1], np.uint8))]),
    ("gives a code that is None", lambda mask, size: [(None, np.ones(size[::-1], np.uint8))]),
    ("gives masks for ever", _endless),
]


def recursion(world: World) -> Sequence[Dataset]:
    def samples(tree: Any, card: Any) -> Any:
        return samples(tree, card)

    return [toy_dataset(world.top, samples), neighbor(world)]


def all_fail(world: World) -> Sequence[Dataset]:
    return [breaking(KeyError("x"), "called")(world)[0]]


def hanging_card(world: World) -> Sequence[Dataset]:
    """A card without code whose regular expression goes on for ever at a long name."""
    (world.toy / "pics/cat/cat (0).png").rename(world.toy / "pics/cat" / ("a" * 60 + "!.png"))
    layout = "[layout]\nkind = 'class-folders'\ngroup = {pattern = '((?:a+)+)'}"
    return [Dataset.of_card(toy_card(world.top, tables=layout).path), neighbor(world)]


def only_one_that_hangs(world: World) -> Catalog:
    return toy_catalog(not_getting_on("sleep")(world)[0])


FAILED = {"reader_failed": 1}

CASES: Final[Sequence[Case]] = [
    *(
        Case(f"an adapter raises {what} {when} its samples", breaking(error, when), 3, FAILED, records=count_ + WHOLE, told="plugin")
        for what, error in ERRORS
        for when, count_ in (("after", WHOLE),)
    ),
    *(
        Case(f"an adapter raises {what} when it is called", breaking(error, "called"), 3, None, told="plugin", records=WHOLE)
        for what, error in ERRORS
        if not (isinstance(error, StopIteration) or error is GeneratorExit)
    ),
    Case("an adapter raises amid its samples", breaking(ValueError("x"), "amid"), 3, FAILED, None, detail="ValueError: x"),
    *(
        Case(f"an adapter yields {what}", yielding(item), 3, FAILED, records=2 * WHOLE, detail="yielded")
        for what, item in _BAD_ITEMS
    ),
    *(
        Case(f"an adapter returns {what} and no iterator", returning(value), 3, None, told="plugin", records=WHOLE)
        for what, value in (("None", None), ("a number", 7), ("a function", len))
    ),
    Case("an adapter returns a dict", returning({"a": 1}), 3, None, told="plugin", records=WHOLE),
    Case("an adapter calls itself without end", recursion, 3, None, told="RecursionError", records=WHOLE),
    Case("an adapter yields one picture for ever", never_ending, 3, {}, told="yielded .* and goes on", records=WHOLE),
    *(
        Case(
            f"an adapter does not end: {how}", not_getting_on(how), 3, {}, told="did not get on", records=WHOLE,
            args=("--timeout-per-file", "3"),
        )
        for how in ("loop", "sleep", "sleep in C", "regular expression", "memory")
    ),
    Case(
        "a card's regular expression does not end", hanging_card, 3, {}, told="did not get on", records=WHOLE,
        args=("--timeout-per-file", "3"),
    ),
    *(
        Case(
            f"`{command}`: {what}", spoil, 3, told="plugin .*did not get on", command=command,
            args=("--timeout-per-file", "2"), comes_of_it="the plugin is named, all else is told",
        )
        for command in ("check", "list")
        for what, spoil in [
            *(
                (f"an adapter does not end: {how}", not_getting_on(how, at_once=True))
                for how in ("loop", "sleep in C", "memory")
            ),
            ("a card's regular expression does not end", hanging_card),
        ]
    ),
    Case(
        "an adapter swallows what ends it", not_getting_on("swallow"), 3, None, told="plugin",
        args=("--timeout-per-file", "3"),
    ),
    Case("the only data set's adapter hangs", only_one_that_hangs, 3, {}, told="nothing was built", args=("--timeout-per-file", "3")),
    *(
        Case(f"a plugin's hook for masks {what}", hook_that(answer), 3, {"bad_mask": 8}, told="medmat_regions|masked")
        for what, answer in _ANSWERS
    ),
    Case(
        "a plugin's hook for masks sleeps for ever", hook_that(lambda mask, size: time.sleep(10**6)), 1, {"bad_mask": 8},
        detail="takes longer than", args=("--timeout-per-file", "3"),
    ),
]  # fmt: skip
