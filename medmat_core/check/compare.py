"""One data set on disk against its card, by the steps of a build that look and decide."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from attrs import define, evolve, field

from medmat_core.card import Card, Head, Known
from medmat_core.check.copies import copies
from medmat_core.check.found import About, Class, Finding, Found
from medmat_core.dataset import Dataset
from medmat_core.errors import PluginError
from medmat_core.folders import open_tree
from medmat_core.model import Problem, Sample, file_of
from medmat_core.pipeline.astray import hint, unopened
from medmat_core.pipeline.context import Context
from medmat_core.pipeline.engines import Engine, InProcess
from medmat_core.pipeline.hashes import ALIKE, NEAR
from medmat_core.pipeline.manifest import DatasetReport
from medmat_core.pipeline.one import Inspected, Reading, expected_classes
from medmat_core.pipeline.options import BuildOptions
from medmat_core.pipeline.rendered import Rendered
from medmat_core.shown import counted
from medmat_core.splits import Decision, Settled
from medmat_core.tree import Tree, fold

EXAMPLES: Final = 5
"""How many file names a finding lists."""

_LAYOUT: Final = frozenset({"missing_file", "reader_failed"})
"""Reasons for which a data set is not laid out as its card says."""

_MISSING: Final = frozenset({"missing_image"})
"""Reasons for which it is not whole."""


def check_dataset(
    dataset: Dataset,
    options: BuildOptions,
    *,
    engine: Engine | None = None,
    region_plugins: Sequence[str] = (),
    near: bool = False,
    partial: bool = False,
    others: Iterable[Head] = (),
    blame: Callable[[Dataset, str, str, str], None] = lambda dataset, where, reason, module: None,
) -> Found:
    """Compare what lies under ``options.data`` with the card.

    ``options`` are those of the build whose refusals are to be known; with ``verify`` "full" every picture is decoded,
    once, and pictures that decode alike are found. ``near`` looks for near copies by perceptual hash, too. ``partial``
    forgives missing pictures and classes. ``others`` are the data sets of which folders near by may be. ``blame`` is
    told where a plugin failed at the data set, how, and by its module's name which ("": its own).
    """
    card = dataset.card
    found = Found(
        dataset.slug, dataset.no, str(options.data / card.folder), partial=partial, published=card.counts.images
    )
    tree = open_tree(dataset.card.head, options.data)
    if tree is None:
        todo = hint(card, options.data, others) or f"`medmat show {dataset.slug}` tells where it is to be had"
        found.findings.append(Finding("layout", f"no folder {card.folder!r} under {options.data}; {todo}"))
        return found
    found.present, found.root = True, str(tree.root)
    if fold(tree.base.name) != fold(card.folder):
        what = f"found by its other name {tree.base.name!r}; records keep it in their paths"
        found.findings.append(Finding("note", what))
    with tempfile.TemporaryDirectory(prefix="medmat-check-") as work:
        try:
            looked = _look(
                dataset, tree, options, engine or InProcess(), Path(work), region_plugins, near,
                lambda where, reason, module: blame(dataset, where, reason, module),
            )  # fmt: skip
        except PluginError as error:
            blame(dataset, "the adapter", str(error), "")
            found.findings.append(Finding("layout", f"its plugin failed: {error}"))
            return found
        if not looked.there:
            archives = unopened(tree.base) or unopened(tree.root)
            what = (
                f"label files in {tree.base} are read, but no picture that they name is there"
                if any(problem.reason in _MISSING for problem in looked.report.problems)
                else f"the folder {tree.base} holds no picture with a label that the card describes"
            )
            found.findings.append(Finding("layout", f"{what}; {archives}" if archives else what))
        _count(found, card, looked)
        found.reasons = dict(sorted(Counter(problem.reason for problem in looked.report.problems).items()))
        _add_problems(found, card, looked.report.problems, tree.prefix)
        found.findings.extend(copies(looked, near=near))
    unread = unread_files(dataset, tree, looked.named, looked.report.problems)
    if unread:
        found.findings.append(Finding("note", "files that no rule reads", len(unread), tuple(unread[:EXAMPLES])))
    return found


# -- looking ----------------------------------------------------------------------------------------------


@define
class Watched:
    """An adapter whose samples are watched as they pass: the files that they name."""

    dataset: Dataset
    named: set[str] = field(factory=set)

    def samples(self, tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        for item in self.dataset.samples(tree, card):
            if not isinstance(item, Problem):
                for ref in (item.image, *(getattr(mask, "path", None) for mask in getattr(item, "masks", ()))):
                    if ref is not None:
                        self.named.add(file_of(ref))
            yield item


@define
class Looked:
    """A data set as a build sees it before it asks anything. ``named`` are the files that its samples name."""

    context: Context
    report: DatasetReport
    inspected: Inspected
    settled: Settled
    named: set[str]

    @property
    def there(self) -> int:
        """Pictures that lie there, refused ones too."""
        lost = self.inspected.lost + Counter(self.report.unread.values())
        there = sum(count for reason, count in lost.items() if reason not in _MISSING)
        return len(self.settled.decisions) - self.settled.count(Decision.TWICE) + there

    def captions(self) -> Counter[str]:
        """Pictures a caption; "" for those on which nothing is marked."""
        ledger = self.inspected.ledger
        counts: Counter[str] = Counter()
        for number, decision in zip(ledger.labels, self.settled.decisions, strict=True):
            if decision != Decision.TWICE:
                counts.update(ledger.classes(number))
        return counts

    def tell(self, place: int) -> str:
        """A picture's labels and part."""
        ledger = self.inspected.ledger
        labels = "; ".join(ledger.classes(ledger.labels[place])) or "nothing marked"
        part = Decision(self.settled.decisions[place]).part
        return f"{labels}, {part}" if part is not None else labels


def _look(
    dataset: Dataset,
    tree: Tree,
    options: BuildOptions,
    engine: Engine,
    work: Path,
    region_plugins: Sequence[str],
    near: bool,
    failed: Callable[[str, str, str], None],
) -> Looked:
    hashes = {ALIKE} if options.verify == "full" else set()
    context = Context(
        card=dataset.card, no=dataset.no, slug=dataset.slug, root=tree.root, image_prefix=tree.prefix, work=work,
        rendered=Rendered(work, work, dataset.slug, keep=False), seed=options.seed, verify=options.verify,
        region_plugins=tuple(region_plugins), hashes=frozenset(hashes | ({NEAR} if near else set())),
        timeout=options.timeout_per_file,
    )  # fmt: skip
    watched = Watched(dataset)
    reading = Reading(
        evolve(dataset, samples=watched.samples), tree, context, options, engine, DatasetReport(dataset),
        lambda step, count: None, failed,
    )  # fmt: skip
    inspected = reading.inspect()
    return Looked(context, reading.report, inspected, reading.settle(inspected), watched.named)


# -- counts -----------------------------------------------------------------------------------------------


def _count(found: Found, card: Card, looked: Looked) -> None:
    counts = looked.captions()
    if card.normal and card.kind in ("mask", "box"):
        counts[card.normal] += counts[""]
    expected = set(expected_classes(card))
    found.images = looked.there
    found.classes = [
        Class(caption, counts[caption], card.counts.classes.get(caption, 0), caption in expected)
        for caption in card.captions
    ]
    if not looked.there:
        return
    if found.images < found.published:
        missing = found.published - found.images
        found.findings.append(Finding("completeness", f"{missing} of {found.published} pictures are not here", missing))
    elif found.published and found.images > found.published:
        more = found.images - found.published
        found.findings.append(
            Finding("note", f"{counted(more, 'picture', 'pictures')} more than the {found.published} published", more)
        )
    empty = [one for one in found.classes if one.expected and not one.here]
    if empty:
        told = tuple(
            f"{one.caption!r}" + (f", {one.published} are published" if one.published else "") for one in empty
        )
        what = counted(len(empty), "class of the card has", "classes of the card have") + " no picture"
        found.findings.append(Finding("completeness", what, len(empty), told))


# -- problems ---------------------------------------------------------------------------------------------


def _add_problems(found: Found, card: Card, problems: Sequence[Problem], prefix: str) -> None:
    """Those that the card knows by its own rules, up to the number that it knows of; the others by reason."""
    by_rule: dict[Known, list[Problem]] = {}
    by_reason: dict[str, list[Problem]] = {}
    for problem in problems:
        rule = next((rule for rule in card.known if rule.covers(problem.reason, prefix + problem.file)), None)
        if rule is not None and (not rule.count or len(by_rule.get(rule, ())) < rule.count):
            by_rule.setdefault(rule, []).append(problem)
        else:
            by_reason.setdefault(problem.reason, []).append(problem)
    for reason, several in sorted(by_reason.items()):
        found.findings.append(_finding(_about(several[0]), reason, several))
    for rule, several in by_rule.items():
        found.findings.append(_finding("known", f"{rule.reason}: {rule.note}", several))


def _about(problem: Problem) -> About:
    if problem.level == "note":
        return "note"
    if problem.reason in _LAYOUT:
        return "layout"
    return "completeness" if problem.reason in _MISSING else "problems"


def _finding(about: About, what: str, several: Sequence[Problem]) -> Finding:
    shown = tuple(f"{_where(problem)}{problem.detail}" for problem in several[:EXAMPLES])
    return Finding(about, what, len(several), shown)


def _where(problem: Problem) -> str:
    where = f"{problem.file}{f' line {problem.row}' if problem.row else ''}"
    return f"{where}: " if where else ""


# -- files ------------------------------------------------------------------------------------------------


def unread_files(dataset: Dataset, tree: Tree, named: Iterable[str], problems: Sequence[Problem] = ()) -> list[str]:
    """Files below the data set's folder that are neither ``named`` by samples, nor by a problem (it or a folder it lies
    in), nor left alone by a rule of the card.

    Data sets that share a download each read their part; the card's ``ignored`` rules name the other parts.
    """
    known = {tree.prefix + file for file in tree.opened}
    known.update(tree.prefix + problem.file for problem in problems if problem.file)
    known.update(tree.prefix + file for file in named)
    ignores, prefix = dataset.card.ignores, tree.prefix
    unread: list[str] = []
    for folder, names in Tree(tree.base).walk():
        parts = folder.split("/") if folder else []
        if any("/".join(parts[:depth]) in known for depth in range(1, len(parts) + 1)):
            continue
        paths = (f"{folder}/{name}" if folder else name for name in names)
        unread.extend(path for path in paths if path not in known and not ignores(path, prefix))
    return unread
