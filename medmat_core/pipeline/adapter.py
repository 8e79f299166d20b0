"""An adapter at work: a stranger's generator, which may raise anything, yield anything, and never end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from medmat_core.blame import place_of, told
from medmat_core.dataset import Dataset
from medmat_core.errors import PluginError
from medmat_core.model import PARTS, Box, BoxSample, LabelSample, MaskSample, Problem, Sample, Slice
from medmat_core.plugins import FailedPlugin
from medmat_core.stopping import is_stop, leave
from medmat_core.tree import Tree
from medmat_core.watch import Overdue, Watch

LONGEST: Final = 100_000
"""Codes, masks or boxes that one sample may have."""

_SLICES: Final = 1 << 15
_A_FILE: Final = 64
_SOME: Final = 200_000
_AT_ONCE: Final = 2048

_SAMPLES: Final = (LabelSample, MaskSample, BoxSample)
_TEXTS: Final = frozenset({str})
_IMAGE, _GROUP, _SPLIT = map(attrgetter, ("image", "group", "split"))
_CODES = attrgetter("stated", "uncertain", "absent")
_OPTIONAL: Final = frozenset({str, type(None)})
_SPLITS: Final = frozenset({None, *PARTS})


class AdapterRun:
    """What an adapter yields, some at a time.

    ``failure`` says how it failed, "" while it has not: what it gave before that counts. Raises :class:`PluginError`
    where what it gave may not count, since it hangs on the clock: an adapter that does not get on for ``seconds``
    (0: any time is allowed), or never ends.
    """

    def __init__(self, dataset: Dataset, tree: Tree, seconds: float) -> None:
        self.failure = ""
        self._dataset, self._tree, self._seconds = dataset, tree, seconds
        self._source: Iterator[Any] | None = None
        self._given = 0
        self._process = os.getpid()
        self._limit: int | None = None

    def take(self, count: int) -> list[Sample | Problem]:
        """The next ones; fewer than ``count`` at the end."""
        items: list[Any] = []
        depth = sys.getrecursionlimit()
        try:
            with Watch(self._seconds, lambda: len(items), self._stuck):
                if self._source is None:
                    self._source = iter(self._dataset.samples(self._tree, self._dataset.card))
                items.extend(islice(self._source, count))  # keeps what came before an error
        except Overdue:
            raise self._overdue() from None
        except BaseException as error:
            if is_stop(error):
                raise
            self.failure = _told(error, self._dataset)
        finally:
            if os.getpid() != self._process:  # a child that it made is no second build
                os._exit(1)
            if sys.getrecursionlimit() != depth:  # what it sets for itself breaks others, or the process
                sys.setrecursionlimit(depth)
        sound = sound_items(items)
        if sound < len(items):
            self.failure = f"it yielded {fault_of(items[sound])}"
            del items[sound:]
        kind = self._dataset.card.head.kind
        if kind not in ("mask", "box") and not {LabelSample, Problem}.issuperset(map(type, items)):
            place = next(place for place, item in enumerate(items) if type(item) not in (LabelSample, Problem))
            self.failure = f"it yielded a {type(items[place]).__name__}, and the card's kind is {kind}"
            del items[place:]
        told = self._tree.problems
        if not isinstance(told, list) or any(type(problem) is not Problem or fault_of(problem) for problem in told):
            self.failure = "it reported problems that are none"
            self._tree.problems = []
        if self.failure:
            self._tree.problems.append(
                Problem("reader_failed", "", f"{self._owner()}: {self.failure}; please report it to its authors")
            )
        self._given += len(items)
        if self._given > _SOME and items and not self.failure:
            self._check_end(items)
        return items

    def __iter__(self) -> Iterator[Sample | Problem]:
        """All of them, up to the end or to where it fails."""
        while True:
            items = self.take(_AT_ONCE)
            yield from items
            if len(items) < _AT_ONCE:
                return

    def _owner(self) -> str:
        source = self._dataset.source
        return f"plugin {source.name!r} of {source.dist} {source.version}" if source.dist else f"plugin {source.name!r}"

    def _overdue(self) -> PluginError:
        return PluginError(
            f"it did not get on for {self._seconds:g} seconds (--timeout-per-file); {self._dataset} is left out"
        )

    def _stuck(self) -> None:
        import click

        failed = FailedPlugin(self._dataset.source, f"{self._overdue()}, and cannot be stopped", "its adapter")
        click.echo(f"medmat: {failed}; leave it out with --disable", err=True)
        leave(PluginError.exit_code)

    def _check_end(self, items: Sequence[Any]) -> None:
        """Whether there may be so many samples: a file has so many slices at most, and few other pictures."""
        if self._limit is None:
            each = (
                _SLICES if any(isinstance(item.image, Slice) for item in items if type(item) in _SAMPLES) else _A_FILE
            )
            self._limit = max(_SOME, each * sum(1 for _ in self._tree.files("", ())))
        if self._given > self._limit:
            raise PluginError(f"it yielded {self._given} samples and goes on; {self._dataset} is left out")


def _told(error: BaseException, dataset: Dataset) -> str:
    """What an adapter raised, and where in its own code; no path of this machine stands in a build."""
    file, _, line = place_of(error, {dataset.module.partition(".")[0]} if dataset.module else ()).rpartition(", line ")
    return told(error) + (f" ({Path(file).name} line {line})" if file else "")


# -- what it yields ------------------------------------------------------------------------------------------


def sound_items(items: Sequence[Any]) -> int:
    """How many of the items, from the first on, are what an adapter may yield."""
    kinds = set(map(type, items))
    if kinds == {LabelSample} and _sound_labels(items):  # a million of them are looked at column by column
        return len(items)
    for place, item in enumerate(items):
        if fault_of(item):
            return place
    return len(items)


def _sound_labels(items: Sequence[LabelSample]) -> bool:
    try:
        codes = list(chain.from_iterable(set(map(_CODES, items))))  # those that are equal are looked at once
        return (
            set(map(type, map(_IMAGE, items))) <= _TEXTS
            and set(map(type, map(_GROUP, items))) <= {str, type(None)}
            and _SPLITS.issuperset(map(_SPLIT, items))
            and set(map(type, codes)) == {tuple}
            and set(map(type, chain.from_iterable(codes))) <= _TEXTS
            and max(map(len, codes)) <= LONGEST
        )
    except Exception:  # something that cannot be hashed, or does what it likes when it is
        return False


def fault_of(item: Any) -> str:
    """What is wrong with an item that an adapter yielded; "" where nothing is."""
    if type(item) is Problem:
        if type(item.file) is str and type(item.detail) is str and type(item.row) in (int, type(None)):
            return "" if type(item.dataset) is str else "a Problem whose dataset is no str"
        return "a Problem with a file or detail that is no str, or a row that is no int"
    if type(item) not in _SAMPLES:
        return f"{_shown(item)}, which is no sample and no Problem"
    name = type(item).__name__
    for fault, value, sound in _looked_at(item):
        if not sound:
            return f"a {name} with {fault}: {_shown(value)}"
    return ""


def _looked_at(item: Any) -> Iterator[tuple[str, Any, bool]]:
    """What may be wrong with a sample, the value of which that is said, and whether it is sound."""
    image = item.image
    if type(image) is Slice:
        whole = type(image.path) is str and type(image.index) is int and image.axis in (0, 1, 2) and image.index >= 0
        yield "a slice that is none", image, whole
    else:
        yield "an image that is no str and no Slice", image, type(image) is str
    yield "a group that is no str", item.group, type(item.group) in _OPTIONAL
    yield "a split that is none", item.split, type(item.split) in _OPTIONAL and item.split in _SPLITS
    fields: dict[type, tuple[str, ...]] = {LabelSample: ("stated", "uncertain", "absent"), MaskSample: ("masks",)}
    check: Callable[[Any], bool] = _is_text if type(item) is LabelSample else _anything
    if type(item) is BoxSample:
        check = _is_box
    for field in fields.get(type(item), ("boxes",)):
        values = getattr(item, field)
        yield f"{field} that are no tuple", values, type(values) is tuple
        yield f"more {field} than {LONGEST}", len(values), len(values) <= LONGEST
        yield f"{field} that hold something else", *_first_not(check, values)


def _is_text(value: Any) -> bool:
    return type(value) is str


def _anything(value: Any) -> bool:
    return True  # masks may be of any kind: a plugin's hook decodes them


def _is_box(value: Any) -> bool:
    if type(value) is not Box or type(value.code) is not str:
        return False
    try:
        return len(value.xyxy) == 4 and all(isinstance(float(corner), float) for corner in value.xyxy)
    except (TypeError, ValueError):
        return False


def _first_not(check: Callable[[Any], bool], values: Iterable[Any]) -> tuple[Any, bool]:
    """The first value that does not pass, and whether all do."""
    for value in values:
        if not check(value):
            return value, False
    return None, True


def _shown(value: object) -> str:
    try:
        return f"{type(value).__name__} {value!r:.60}"
    except Exception:
        return type(value).__name__
