"""The catalog: every installed plugin, its data sets by number and slug, its subsets and writers."""

from __future__ import annotations

import fnmatch
import importlib
import importlib.util
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import pluggy
from attrs import evolve, field, frozen

from medmat_core import hooks
from medmat_core.dataset import Dataset, Source
from medmat_core.errors import CatalogError, MedmatError, UsageError

if TYPE_CHECKING:
    import click

    from medmat_core.subsets import Subset
    from medmat_core.writers import Writer

GROUP: Final = "medmat"
"""The entry point group in which plugins register."""


@frozen
class FailedPlugin:
    """A plugin that could not be loaded, and why; the others work on."""

    source: Source
    reason: str

    def __str__(self) -> str:
        dist = f" of {self.source.dist} {self.source.version}" if self.source.dist else ""
        return f"plugin {self.source.name!r}{dist} failed to load: {self.reason}"


@frozen(eq=False)
class Catalog:
    """What is installed. ``datasets`` is in the order of numbers, third parties' after them by slug.
    ``disabled`` plugins were left out on request; ``idle`` requests to do so matched none."""

    datasets: tuple[Dataset, ...]
    failed: tuple[FailedPlugin, ...] = ()
    disabled: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    manager: pluggy.PluginManager = field(factory=lambda: _manager(), repr=False)
    sources: Mapping[str, Source] = field(factory=dict, repr=False)

    def __iter__(self) -> Iterator[Dataset]:
        return iter(self.datasets)

    def get(self, name: str) -> Dataset:
        """The data set with this number or slug; :class:`UsageError` suggests a near one if there is none."""
        wanted = name.strip().lower()
        for dataset in self.datasets:
            if dataset.slug == wanted or (wanted.isdecimal() and dataset.no is not None and int(wanted) == dataset.no):
                return dataset
        import difflib

        near = difflib.get_close_matches(wanted, [d.slug for d in self.datasets], n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"no data set {name!r} is installed; {hint}`medmat list` shows all")

    def select(
        self, names: Sequence[str] = (), *, subset: int | None = None, modality: str | None = None
    ) -> tuple[Dataset, ...]:
        """The data sets with these numbers or slugs (all, if none are given), narrowed by subset and modality."""
        chosen = [self.get(name) for name in names] if names else list(self.datasets)
        wanted = (modality or "").casefold()
        return tuple(
            dataset
            for dataset in dict.fromkeys(chosen)
            if (subset is None or dataset.card.head.subset == subset)
            and (
                not wanted
                or wanted in (dataset.card.head.modality.casefold(), dataset.card.head.modality_shown.casefold())
            )
        )

    def subsets(self) -> Mapping[int, Subset]:
        """Every subset by number: the 53, and those of plugins."""
        return self._subsets()[0]

    def subset_owners(self) -> Mapping[int, str]:
        """Where each subset comes from: "medmat-core", or a plugin as ``entry point (distribution)``."""
        return self._subsets()[1]

    def _subsets(self) -> tuple[dict[int, Subset], dict[int, str]]:
        from medmat_core.subsets import load_subset, subset_index

        found: dict[int, Subset] = {no: load_subset(no) for no in subset_index()}
        owners = dict.fromkeys(found, "medmat-core")
        for owner, subset in self._answers("medmat_subsets"):
            if subset.no in found:
                raise CatalogError(
                    f"subset {subset.no} is claimed by {owner} and by {owners[subset.no]}; "
                    "number it from 1000 up, or disable one of them with --disable"
                )
            found[subset.no], owners[subset.no] = subset, owner
        return found, owners

    def subset(self, no: int) -> Subset:
        """The subset with this number; a plugin's subset wherever it is not one of the 53."""
        from medmat_core.subsets import load_subset, subset_index

        if no in subset_index():
            return load_subset(no)
        try:
            return self.subsets()[no]
        except KeyError:
            raise CatalogError(f"no plugin defines subset {no}; see the hook medmat_subsets") from None

    def writers(self) -> Mapping[str, Writer]:
        """Every output format by name."""
        return self._writers()[0]

    def writer_owners(self) -> Mapping[str, str]:
        """Where each output format comes from: "medmat-core", or a plugin as ``entry point (distribution)``."""
        return self._writers()[1]

    def _writers(self) -> tuple[dict[str, Writer], dict[str, str]]:
        from medmat_core.writers import WRITERS

        found = {writer.name: writer for writer in WRITERS}
        owners = dict.fromkeys(found, "medmat-core")
        for owner, writer in self._answers("medmat_writers"):
            if writer.name in found:
                raise CatalogError(f"output format {writer.name!r} is claimed by {owner} and by {owners[writer.name]}")
            found[writer.name], owners[writer.name] = writer, owner
        return found, owners

    def commands(self) -> Mapping[str, click.Command]:
        """Commands that plugins add."""
        found: dict[str, Any] = {}
        for owner, command in self._answers("medmat_commands"):
            if command.name in found:
                raise CatalogError(f"command {command.name!r} is added twice, the second time by {owner}")
            found[command.name] = command
        return found

    def _answers(self, hook: str) -> Iterator[tuple[str, Any]]:
        for impl in getattr(self.manager.hook, hook).get_hookimpls():
            source = self.sources.get(impl.plugin_name)
            owner = f"{source.name} ({source.dist})" if source and source.dist else impl.plugin_name
            for item in impl.function():
                yield owner, item


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager("medmat")
    manager.add_hookspecs(hooks)
    return manager


@frozen
class Peek:
    """What a card beside a plugin module says at a glance, before anything is imported."""

    slug: str
    no: int | None
    folder: str
    subset: int | None
    modality: str
    aliases: tuple[str, ...] = ()


_GLANCE: Final = re.compile(r'^(slug|folder|no|subset|modality) *= *(?:"([^"\\\n]*)"|(\d+)) *$', re.MULTILINE)
_ALIASES: Final = re.compile(r"^aliases *=(.*?)\]", re.MULTILINE | re.DOTALL)
_NAMES: Final = re.compile(r'\s*\[(?:\s*"[^"\\\n]*"\s*,?)*\s*')
_OTHER_HOOKS: Final = ("medmat_subsets", "medmat_writers", "medmat_commands", "medmat_regions", "MEDMAT_API")


@lru_cache(maxsize=64)
def _folder_of(package: str) -> str | None:
    """Where a package's modules lie, without importing it."""
    spec = importlib.util.find_spec(package)
    return next(iter(spec.submodule_search_locations or ()), None) if spec is not None else None


def _peek(module: str, name: str) -> Peek | None:
    """The card beside the module of a data set, read at a glance; None where the module has to be imported.

    A module that also implements another hook, or whose entry point is not named by its slug, is imported.
    """
    package, _, tail = module.rpartition(".")
    if not package or "." in package:
        return None
    try:
        folder = _folder_of(package)
        if folder is None:
            return None
        with (
            open(f"{folder}/{tail}.toml", encoding="utf-8") as card,
            open(f"{folder}/{tail}.py", encoding="utf-8") as code,
        ):
            text, source = card.read(), code.read()
    except (OSError, ValueError, ImportError):
        return None
    if any(hook in source for hook in _OTHER_HOOKS):
        return None
    head = text.partition("\n[")[0]
    found = {key: word or number for key, word, number in _GLANCE.findall(head)}
    names = _ALIASES.search(head)
    if "\naliases" in head and (names is None or not _NAMES.fullmatch(names[1])):
        return None  # written in a way that only a TOML parser reads
    if found.get("slug") != name or "folder" not in found or not found.get("subset", "").isdecimal():
        return None
    no = found.get("no", "")
    aliases = tuple(re.findall('"(.*?)"', names[1])) if names else ()
    return Peek(
        name, int(no) if no else None, found["folder"], int(found["subset"]), found.get("modality", ""), aliases
    )


def load_catalog(
    *,
    disable: Sequence[str] = (),
    plugins: Sequence[ModuleType] | None = None,
    wanted: Callable[[Peek], bool] | None = None,
) -> Catalog:
    """Everything that is installed.

    ``disable`` leaves out plugins by entry point, distribution or module name (shell patterns). ``plugins``
    takes these modules instead of the installed entry points (for tests). ``wanted`` leaves data sets unloaded that
    a command has no use for, by a glance at the card beside their module. A plugin that fails to import or
    whose card is broken is listed under ``failed``; two plugins that claim one slug or number raise
    :class:`CatalogError` naming both.
    """
    manager = _manager()
    failed: list[FailedPlugin] = []
    datasets: list[Dataset] = []
    sources: dict[str, Source] = {}
    left_out: list[str] = []
    idle = set(disable)
    peeks: list[tuple[Peek, Source]] = []
    for source, load, names in _found(plugins):
        asked = {pattern for pattern in disable if any(fnmatch.fnmatchcase(name, pattern) for name in names)}
        if asked:
            left_out.append(source.name)
            idle -= asked
            continue
        if wanted is not None and plugins is None:
            peek = _peek(names[-1], source.name)
            if peek is not None and not wanted(peek):
                peeks.append((peek, source))
                continue
        # two packages may name their entry points alike; that is no fault as long as their data sets differ
        key = source.name if not manager.has_plugin(source.name) else f"{source.name} of {source.dist or names[-1]}"
        try:
            module = load()
            needs = getattr(module, "MEDMAT_API", hooks.API_VERSION)
            if needs != hooks.API_VERSION:
                raise MedmatError(
                    f"it needs version {needs} of the hooks, this medmat-core has {hooks.API_VERSION}; "
                    f"upgrade {'medmat-core' if needs > hooks.API_VERSION else 'the plugin'}"
                )
            if manager.is_registered(module):
                continue
            manager.register(module, name=key)
            manager.check_pending()
            claim = getattr(module, "medmat_datasets", None)
            own = [evolve(dataset, source=source) for dataset in claim()] if claim is not None else []
        except (
            Exception,
            SystemExit,
        ) as error:  # a stranger's module may raise anything; it must not take the rest down
            if manager.has_plugin(key):
                manager.unregister(name=key)
            failed.append(
                FailedPlugin(
                    source, f"{type(error).__name__}: {error}" if not isinstance(error, MedmatError) else str(error)
                )
            )
            continue
        sources[key] = source
        datasets.extend(own)
    _check_claims(
        [(d.slug, d.no, _owner(d.source, d.module)) for d in datasets] + [(p.slug, p.no, _owner(s)) for p, s in peeks]
    )
    datasets.sort(key=lambda d: (d.no is None, d.no or 0, d.slug))
    return Catalog(tuple(datasets), tuple(failed), tuple(left_out), tuple(sorted(idle)), manager, sources)


def _found(plugins: Sequence[ModuleType] | None) -> Iterator[tuple[Source, Any, tuple[str, ...]]]:
    if plugins is not None:
        for module in plugins:
            yield Source(module.__name__), (lambda module=module: module), (module.__name__,)
        return
    points: Iterable[EntryPoint] = sorted(entry_points(group=GROUP), key=lambda p: (p.name, p.value))
    told: dict[int, tuple[str, str]] = {}  # a distribution parses its metadata every time it is asked
    for point in points:
        dist = point.dist
        name, version = told.get(id(dist)) or told.setdefault(id(dist), (dist.name, dist.version) if dist else ("", ""))
        source = Source(point.name, name, version)
        yield (
            source,
            (lambda value=point.module: importlib.import_module(value)),
            (point.name, source.dist, point.module),
        )


def _check_claims(claims: Sequence[tuple[str, int | None, str]]) -> None:
    """Refuse two plugins that claim one slug or one number."""
    owners: dict[str, str] = {}
    for slug, no, owner in claims:
        for claimed in (f"slug {slug!r}", *((f"number {no}",) if no is not None else ())):
            other = owners.setdefault(claimed, owner)
            if other is not owner:
                # the package, since both may name their entry points alike
                name = owner.partition("(")[2].partition(" ")[0] or owner
                raise CatalogError(
                    f"{claimed} is claimed by {owner} and by {other}; uninstall one of them "
                    f"or leave one out with --disable {name}"
                )


def _owner(source: Source, module: str = "") -> str:
    return f"{source.name} ({source.dist} {source.version})" if source.dist else f"{source.name or module}"
