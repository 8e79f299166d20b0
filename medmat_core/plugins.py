"""Plugins: what is installed, behind one pluggy manager, and what failed. medmat's own commands, formats and mask
decoders are a plugin like any other; whoever answers a hook is known by name, and nobody's failure takes the rest down.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeVar

import pluggy
from attrs import evolve, frozen

from medmat_core import hooks
from medmat_core.blame import place_of, told
from medmat_core.dataset import Dataset, Source
from medmat_core.errors import MedmatError
from medmat_core.stopping import is_stop, leave
from medmat_core.watch import PATIENCE, Overdue, Watch

T = TypeVar("T")

MOST: Final = 10_000
"""Answers that one hook of one plugin may give."""

GROUP: Final = "medmat"
"""The entry point group in which plugins register."""

CORE: Final = "medmat-core"
"""How medmat's own plugin is called where owners are told."""

_RENAMED: Final = {"medmat_writers": "medmat_formats"}


@frozen
class FailedPlugin:
    """A plugin that could not be loaded, or whose ``hook`` failed, and why; the others work on."""

    source: Source
    reason: str
    hook: str = ""

    def __str__(self) -> str:
        dist = f" of {self.source.dist} {self.source.version}" if self.source.dist else ""
        what = f"failed in {self.hook}" if self.hook else "failed to load"
        return f"plugin {self.source.name!r}{dist} {what}: {self.reason}"


@frozen
class FoundPlugin:
    """A plugin that was found and not imported yet."""

    source: Source
    module: str
    load: Callable[[], object]

    def is_called(self, pattern: str) -> bool:
        """Whether a shell pattern names it: its entry point, distribution or module."""
        import fnmatch

        return any(fnmatch.fnmatchcase(name, pattern) for name in (self.source.name, self.source.dist, self.module))


def find_plugins(modules: Sequence[ModuleType] | None = None) -> Iterator[FoundPlugin]:
    """Every installed plugin in the order of entry points' names; or these modules instead."""
    if modules is not None:
        for module in modules:
            yield FoundPlugin(Source(module.__name__), module.__name__, partial(_itself, module))
        return
    from importlib.metadata import entry_points

    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    told: dict[int, tuple[str, str]] = {}  # a distribution parses its metadata every time it is asked
    for point in points:
        dist = point.dist
        name, version = told.get(id(dist)) or told.setdefault(id(dist), (dist.name, dist.version) if dist else ("", ""))
        yield FoundPlugin(
            Source(point.name, name, version),
            point.module,
            partial(plugin_called, point.module),
        )


class CardPlugin:
    """The plugin of a data set that needs no code: a card in a package, registered as ``package.name``."""

    def __init__(self, name: str, card: Path) -> None:
        self.__name__ = name
        self._card = card

    @hooks.hookimpl
    def medmat_datasets(self) -> list[Dataset]:
        """The one data set that the card describes."""
        return [Dataset.of_card(self._card, self.__name__)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CardPlugin) and (self.__name__, self._card) == (other.__name__, other._card)

    def __hash__(self) -> int:
        return hash((self.__name__, self._card))


def plugin_called(name: str) -> object:
    """The plugin of this name: the module, or, where there is none and ``name.toml`` lies in its package, the card.

    Raises whatever the import raises.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        package, _, last = name.rpartition(".")
        places = getattr(sys.modules.get(package), "__path__", ()) if error.name == name else ()
        for card in (Path(place, f"{last}.toml") for place in places):
            if card.is_file():
                return CardPlugin(name, card)
        raise


def _itself(module: ModuleType) -> ModuleType:
    return module


class Plugins:
    """The plugins of one run, each behind a pluggy manager of its own, so that every answer has a known owner.

    ``failed`` grows whenever one turns out to be broken.
    """

    def __init__(self) -> None:
        self.failed: list[FailedPlugin] = []
        own = _own()
        self._registered = [_Registered(Source(CORE), own, _manager(own))]

    def add(self, found: FoundPlugin) -> list[Dataset]:
        """Import and register a plugin; its data sets. One that fails is told, leaves nothing, and has no data sets."""
        try:
            with _watched():
                plugin = found.load()
                _check_version(plugin)
                if any(known.plugin == plugin for known in self._registered):
                    return []
                registered = _Registered(found.source, plugin, _manager(plugin))
                _check_names(registered.manager)
                answers = registered.ask("medmat_datasets", Dataset)
            datasets = [evolve(dataset, source=found.source) for dataset in answers]
        except BaseException as error:  # a stranger's module may raise anything
            self._fail(found.source, error, module=found.module)
            return []
        self._registered.append(registered)
        return datasets

    def ask(self, hook: str, kind: type[T]) -> Iterator[tuple[str, T]]:
        """(owner, item) of every answer to a hook. A plugin that fails is told and left out."""
        for registered in self._registered:
            try:
                with _watched():
                    items = registered.ask(hook, kind)
            except BaseException as error:
                self._fail(registered.source, error, hook, getattr(registered.plugin, "__name__", ""))
                continue
            yield from ((registered.owner, item) for item in items)

    def implementing(self, hook: str) -> tuple[Any, ...]:
        """The plugins, medmat's own left out, that implement a hook, in the order in which they were found."""
        return tuple(known.plugin for known in self._registered[1:] if known.hook(hook).get_hookimpls())

    def source_of(self, module: str) -> Source:
        """Where the plugin of this module comes from."""
        known = (one.source for one in self._registered if getattr(one.plugin, "__name__", "") == module)
        return next(known, Source(module))

    def tell(self, source: Source, reason: str, where: str) -> None:
        """A plugin failed elsewhere than in a hook that is asked here; each failure is told once."""
        failed = FailedPlugin(source, reason, where)
        if failed not in self.failed:
            self.failed.append(failed)

    def _fail(self, source: Source, error: BaseException, hook: str = "", module: str = "") -> None:
        if is_stop(error):
            raise error
        reason = told(error)
        if not isinstance(error, (MedmatError, Overdue)):
            where = place_of(error, {module.partition(".")[0]} if module else ())
            reason += f" ({where})" if where else ""
        self.failed.append(FailedPlugin(source, reason, hook))


@frozen
class _Registered:
    source: Source
    plugin: object
    manager: pluggy.PluginManager

    @property
    def owner(self) -> str:
        return f"{self.source.name} ({self.source.dist})" if self.source.dist else self.source.name

    def hook(self, name: str) -> pluggy.HookCaller:
        caller: pluggy.HookCaller = getattr(self.manager.hook, name)
        return caller

    def ask(self, hook: str, kind: type[T]) -> list[T]:
        """What the plugin answers, checked."""
        items: list[T] = []
        for answer in self.hook(hook)():
            if isinstance(answer, (str, bytes)) or not isinstance(answer, Iterable):
                raise MedmatError(f"{hook} returned {_shown(answer)}; it has to return a list of {kind.__name__}")
            for item in islice(answer, MOST + 1):
                if len(items) == MOST:
                    raise MedmatError(f"{hook} returned more than {MOST} {kind.__name__}")
                if not isinstance(item, kind):
                    raise MedmatError(f"{hook} returned {_shown(item)} among others; all have to be {kind.__name__}")
                items.append(item)
        return items


def hooks_in(plugin: object) -> list[str]:
    """The names of the hooks that a plugin implements."""
    return sorted(caller.name for caller in _manager(plugin).get_hookcallers(plugin) or ())


def _manager(*plugins: object) -> pluggy.PluginManager:
    manager = pluggy.PluginManager("medmat")
    manager.add_hookspecs(hooks)
    for plugin in plugins:
        manager.register(plugin)
    return manager


def _check_version(plugin: object) -> None:
    needs = getattr(plugin, "MEDMAT_API", hooks.API_VERSION)
    if needs != hooks.API_VERSION:
        newer = isinstance(needs, int) and needs > hooks.API_VERSION
        raise MedmatError(
            f"it needs version {needs} of the hooks, this medmat-core has {hooks.API_VERSION}; "
            f"upgrade {'medmat-core' if newer else 'the plugin'}"
        )


def _check_names(manager: pluggy.PluginManager) -> None:
    """Refuse hooks that there are not (any more); pluggy itself refuses arguments that a hook has not."""
    for name, caller in vars(manager.hook).items():
        if isinstance(caller, pluggy.HookCaller) and not caller.has_spec():
            said = f"is called {_RENAMED[name]} now; rename it" if name in _RENAMED else "is no hook of medmat"
            raise MedmatError(f"it implements {name}, which {said}")


def _shown(value: object) -> str:
    try:
        return f"{type(value).__name__} {value!r:.60}"
    except Exception:  # a stranger's value may not even be shown
        return type(value).__name__


def _own() -> ModuleType:
    """medmat's own plugin, found by its name as a stranger's is: what it brings lies above this module."""
    return importlib.import_module("medmat_core.builtin")


def _watched() -> Watch:
    """A plugin that does not come back is given up; not even then, medmat ends rather than to hang."""

    def stuck() -> None:
        import click

        click.echo("medmat: a plugin does not come back; leave out one after the other with --disable", err=True)
        leave(3)

    return Watch(PATIENCE, lambda: None, stuck)


@lru_cache(maxsize=8)
def worker_hooks(modules: tuple[str, ...]) -> Any:
    """The hooks in a worker: those of these plugin modules, asked in their order, and medmat's own last."""
    return hooks_of([plugin_called(name) for name in modules])


def hooks_of(plugins: Sequence[object]) -> Any:
    """The hooks of these plugins, asked in their order, and medmat's own last: ``.medmat_regions(mask=...)``."""
    # pluggy asks the one registered last first, and of those that want to be tried last the last one last
    return _manager(*reversed(plugins), _own()).hook
