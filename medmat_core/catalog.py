"""The catalog: every installed data set by number and slug, and the subsets, formats and commands of all plugins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from itertools import chain
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import frozen

from medmat_core.card import Head
from medmat_core.dataset import Dataset, Source
from medmat_core.errors import CatalogError, PluginError, UsageError
from medmat_core.filters import Filters
from medmat_core.index import Indexes
from medmat_core.plugins import CORE, FailedPlugin, FoundPlugin, Plugins, find_plugins, hooks_of

if TYPE_CHECKING:
    import click

    from medmat_core.formats import Format
    from medmat_core.subsets import Subset

K = TypeVar("K")
T = TypeVar("T")


@frozen(eq=False)
class Installed:
    """A data set that is installed: what its card's head says, and how to load the rest."""

    head: Head
    source: Source
    load: Callable[[], Dataset]
    pictures: int = 0
    """How many pictures its card says were published; 0 where none is said."""

    @property
    def owner(self) -> str:
        """Its plugin, as errors name it."""
        return (
            f"{self.source.name} ({self.source.dist} {self.source.version})" if self.source.dist else self.source.name
        )


class Claimed(dict[K, T]):
    """What core and plugins add of one kind, by name. ``owners`` tells of each name where it comes from: "medmat-core",
    or a plugin as ``entry point (distribution)``."""

    def __init__(self) -> None:
        super().__init__()
        self.owners: dict[K, str] = {}


class Catalog:
    """What is installed.

    ``entries`` are the data sets in the order of numbers, third parties' after them by slug. ``modules`` are those of
    the plugins, ``disabled`` plugins were left out on request; ``idle`` requests to do so matched none.
    """

    def __init__(
        self,
        entries: Iterable[Installed],
        plugins: Plugins,
        *,
        modules: Iterable[str] = (),
        disabled: Iterable[str] = (),
        idle: Iterable[str] = (),
    ) -> None:
        self.entries = tuple(entries)
        self.modules = frozenset(modules)
        self.disabled = tuple(disabled)
        self.idle = tuple(idle)
        self._plugins = plugins
        self._answers: dict[str, Claimed[Any, Any]] = {}

    @property
    def failed(self) -> tuple[FailedPlugin, ...]:
        """The plugins that could not be loaded, or whose hooks failed, so far."""
        return tuple(self._plugins.failed)

    def fail(self, source: Source, reason: str, where: str) -> None:
        """Remember that a plugin failed: ``where`` is what it was doing."""
        self._plugins.tell(source, reason, where)

    def blame(self, dataset: Dataset, where: str, reason: str, module: str = "") -> None:
        """Remember that a data set's plugin failed there, or another one, called by its module's name, at it."""
        self.fail(self.source_of(module) if module else dataset.source, reason, f"{where} of {dataset}")

    def source_of(self, module: str) -> Source:
        """Where a plugin comes from, by its module's name."""
        return self._plugins.source_of(module)

    # -- data sets --------------------------------------------------------------------------------

    @cached_property
    def datasets(self) -> tuple[Dataset, ...]:
        """Every data set, loaded, but for those whose plugin failed."""
        return tuple(_load(self.entries))

    def __iter__(self) -> Iterator[Dataset]:
        return iter(self.datasets)

    def entry(self, name: int | str) -> Installed:
        """The data set with this number or slug; :class:`UsageError` suggests a near one if there is none."""
        wanted = str(name).strip().casefold()
        for entry in self.entries:
            no = entry.head.no
            if entry.head.slug == wanted or (wanted.isdecimal() and no is not None and int(wanted) == no):
                return entry
        import difflib

        near = difflib.get_close_matches(wanted, [entry.head.slug for entry in self.entries], n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"no data set {name!r} is installed; {hint}`medmat list` shows all")

    def get(self, name: int | str) -> Dataset:
        """The data set with this number or slug, loaded; :class:`PluginError` if its plugin fails."""
        return self.entry(name).load()

    def heads(
        self,
        names: Sequence[str] = (),
        *,
        subset: int | None = None,
        modality: str | None = None,
        access: Sequence[str] = (),
        licenses: Sequence[str] = (),
    ) -> tuple[Installed, ...]:
        """The data sets with these numbers or slugs (all, if none are given) that the filters take.

        Raises :class:`UsageError` for a name that is not installed and for a filter that fits nothing there is.
        """
        from medmat_core.subsets import subset_index

        chosen = [self.entry(name) for name in names] if names else list(self.entries)
        wanted = Filters(subset, modality, tuple(access), tuple(licenses))
        if self.entries:
            known = subset_index() if subset is None or subset in subset_index() else self.subsets()
            wanted.check((entry.head for entry in self.entries), known)
        return tuple(entry for entry in dict.fromkeys(chosen) if wanted.takes(entry.head))

    def select(
        self,
        names: Sequence[str] = (),
        *,
        subset: int | None = None,
        modality: str | None = None,
        access: Sequence[str] = (),
        licenses: Sequence[str] = (),
        where: Callable[[Head], bool] | None = None,
    ) -> tuple[Dataset, ...]:
        """The same, loaded; ``where`` leaves out, unloaded, those whose head it refuses. If a plugin fails, that is a
        :class:`PluginError` where one of its data sets is named, and its data sets are left out where all are meant."""
        entries = self.heads(names, subset=subset, modality=modality, access=access, licenses=licenses)
        chosen = [entry for entry in entries if where is None or where(entry.head)]
        return tuple(entry.load() for entry in chosen) if names else tuple(_load(chosen))

    def only(self, *datasets: Dataset) -> Catalog:
        """This catalog with these data sets and no others."""
        return Catalog(
            map(_loaded, datasets), self._plugins, modules=self.modules, disabled=self.disabled, idle=self.idle
        )

    # -- what plugins add -------------------------------------------------------------------------

    def subsets(self) -> Claimed[int, Subset]:
        """Every subset by number: the 53, and those of plugins."""
        from medmat_core.subsets import Subset, load_subset, subset_index

        own = ((CORE, load_subset(no)) for no in subset_index())
        return self._claimed("medmat_subsets", Subset, lambda one: one.no, "subset", "number it from 1000 up", own)

    def subset(self, no: int) -> Subset:
        """The subset with this number; a plugin's subset wherever it is not one of the 53."""
        from medmat_core.subsets import load_subset, subset_index

        if no in subset_index():
            return load_subset(no)
        try:
            return self.subsets()[no]
        except KeyError:
            raise CatalogError(f"no plugin defines subset {no}; see the hook medmat_subsets") from None

    def formats(self) -> Claimed[str, Format]:
        """Every output format by name."""
        from medmat_core.formats import Format

        kind: type[Format] = Format  # type: ignore[type-abstract]  # checked structurally
        return self._claimed("medmat_formats", kind, lambda one: one.name, "output format", "rename it")

    def commands(self) -> Claimed[str, click.Command]:
        """Every command by name, medmat's own first."""
        import click

        return self._claimed("medmat_commands", click.Command, lambda one: one.name, "command", "rename it")

    def _claimed(
        self, hook: str, kind: type[T], name_of: Callable[[T], Any], what: str, todo: str,
        own: Iterable[tuple[str, T]] = (),
    ) -> Claimed[Any, T]:  # fmt: skip
        """What ``own`` and the answers to a hook bring, by name, asked for once; :class:`CatalogError` names both
        owners where two claim one name."""
        if hook not in self._answers:
            found: Claimed[Any, T] = Claimed()
            for owner, item in chain(own, self._plugins.ask(hook, kind)):
                name = name_of(item)
                if name in found:
                    raise CatalogError(
                        f"{what} {name!r} is claimed by {owner} and by {found.owners[name]}; {todo}, "
                        "or leave one of them out with --disable"
                    )
                found[name], found.owners[name] = item, owner
            self._answers[hook] = found
        return self._answers[hook]

    def modules_with(self, hook: str) -> tuple[str, ...]:
        """The plugin modules that implement a hook, by name, so that a worker can import them."""
        return tuple(plugin.__name__ for plugin in self._plugins.implementing(hook))

    def decoder(self) -> Callable[..., Any]:
        """The hook ``medmat_regions``: decodes a mask by whichever plugin knows its kind, medmat's own decoder last."""
        decoder: Callable[..., Any] = hooks_of(self._plugins.implementing("medmat_regions")).medmat_regions
        return decoder


def _load(entries: Iterable[Installed]) -> Iterator[Dataset]:
    for entry in entries:
        try:
            yield entry.load()
        except PluginError:  # it is among the failed
            continue


def load_catalog(*, disable: Sequence[str] = (), plugins: Sequence[ModuleType] | None = None) -> Catalog:
    """Everything that is installed.

    ``disable`` leaves out plugins by entry point, distribution or module name (shell patterns). ``plugins``
    takes these modules instead of the installed entry points (for tests). A plugin that fails to import, whose card is
    broken or whose hooks fail is listed under ``failed``; two plugins that claim one slug or number raise
    :class:`CatalogError` naming both.
    """
    known, indexes = Plugins(), Indexes()
    entries: list[Installed] = []
    modules: list[str] = []
    left_out: list[str] = []
    idle = set(disable)
    for found in find_plugins(plugins):
        asked = {pattern for pattern in disable if found.is_called(pattern)}
        if asked:
            left_out.append(found.source.name)
            idle -= asked
            continue
        modules.append(found.module)
        # modules that were handed over are there already
        entries += _entries(found, known, indexes) if plugins is None else map(_loaded, known.add(found))
    _check_claims(entries)
    entries.sort(key=lambda entry: (entry.head.no is None, entry.head.no or 0, entry.head.slug))
    return Catalog(entries, known, modules=modules, disabled=left_out, idle=sorted(idle))


def _entries(found: FoundPlugin, known: Plugins, indexes: Indexes) -> Iterable[Installed]:
    """The data sets of a plugin, by its package's index where there is one: then the plugin is imported when one of
    them is asked for."""
    heads = indexes.heads(found.module)
    if heads is None:
        return map(_loaded, known.add(found))

    @cache
    def load() -> Mapping[str, Dataset]:
        return {dataset.slug: dataset for dataset in known.add(found)}

    def of(slug: str) -> Dataset:
        if slug not in load():
            failed = next((str(failed) for failed in known.failed if failed.source == found.source), None)
            raise PluginError(failed or f"{found.module}: its index names a data set {slug!r} that it does not have")
        return load()[slug]

    return [Installed(told.head, found.source, partial(of, told.head.slug), told.pictures) for told in heads]


def _loaded(dataset: Dataset) -> Installed:
    return Installed(dataset.card, dataset.source, lambda: dataset, dataset.card.counts.images)


def _check_claims(entries: Sequence[Installed]) -> None:
    """Refuse two plugins that claim one slug or one number."""
    owners: dict[str, Installed] = {}
    for entry in entries:
        head = entry.head
        for claimed in (f"slug {head.slug!r}", *((f"number {head.no}",) if head.no is not None else ())):
            other = owners.setdefault(claimed, entry)
            if other is not entry:
                raise CatalogError(
                    f"{claimed} is claimed by {entry.owner} and by {other.owner}; uninstall one of them "
                    # the package, since both may name their entry points alike
                    f"or leave one out with --disable {entry.source.dist or entry.source.name}"
                )
