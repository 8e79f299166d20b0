"""From a built folder to a folder of HTML: the page's own files as they are, and the records as data files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from medmat_core.errors import UsageError
from medmat_core.export.folder import ExportFolder, Kind
from medmat_core.export.select import Filters, Source, facts_of, sources_of
from medmat_core.formats.protocol import Facts
from medmat_core.model import ASKS, PARTS, REASONS
from medmat_core.pipeline.engines import start_engine
from medmat_core.pipeline.finished import is_below
from medmat_core.preview.columns import LIMIT, Pages, Sheet, script
from medmat_core.preview.pictures import FOLDER, base_url, make, wanted
from medmat_core.questions.asked import Texts
from medmat_core.records import Built
from medmat_core.regions.box_words import smart_resize
from medmat_core.regions.conventions import CONVENTIONS
from medmat_core.subsets import subset_index

if TYPE_CHECKING:
    from medmat_core.catalog import Catalog

DEFAULT: Final = "preview"
"""The folder below OUT where the page goes unless told otherwise."""

PAGE: Final = (
    "index.html", "preview.css", "data.js", "find.js", "draw.js", "grid.js", "detail.js", "app.js",
)  # fmt: skip
"""The page's own files, under ``medmat_core/preview/page``: plain, and served as they are."""

PROBLEMS_SHOWN: Final = 100_000
LEVELS: Final = ("refused", "note")
_OURS: Final = Kind(".medmat-preview.json", "preview")


@frozen
class PreviewOptions:
    """The arguments of ``medmat preview``: where the page goes (OUT/preview unless given), and what stands in it."""

    to: Path | None = None
    filters: Filters = field(factory=Filters)
    jobs: int = 1
    limit: int = LIMIT


@frozen
class Previewed:
    """What a preview made: the page, how many records it shows, and how many pictures were made for it; ``lost`` is of
    each data set a picture that was looked for and is not there."""

    page: Path
    records: int
    made: int
    lost: tuple[Path, ...] = ()


def preview(
    built: Built,
    options: PreviewOptions,
    *,
    catalog: Catalog | None = None,
    progress: Callable[[int], None] = lambda count: None,
) -> Previewed:
    """Write the page of a built folder.

    ``progress`` is called with every number of records done. Raises :class:`UsageError` where the page's folder holds
    anything that no preview wrote, where filters fit nothing, and for lines that are no records.
    """
    if not built.record_files():
        raise UsageError(f"{built.out}: holds no records, so there is nothing to look at")
    facts = facts_of(built, catalog)
    sources = sources_of(built, facts, options.filters)
    folder = ExportFolder.begin(options.to or built.out / DEFAULT, _OURS)
    work = _Work(built, options, folder, progress)
    try:
        for name in PAGE:
            folder.write_text(name, (files(__package__) / "page" / name).read_text(encoding="utf-8"))
        for slug, own in groupby(sources, key=lambda source: source.facts.slug):
            work.dataset(facts[slug], list(own))
        work.end()
        folder.finish({}, [f"{FOLDER}/"] if work.made else [])
    finally:
        work.engine.close()
        folder.discard()
    return Previewed(folder.to / "index.html", work.records, work.made, tuple(work.lost.values()))


@define
class _Work:
    """One preview under way."""

    built: Built
    options: PreviewOptions
    folder: ExportFolder
    progress: Callable[[int], None]
    datasets: list[Facts] = field(factory=list)
    parts: list[dict[str, Any]] = field(factory=list)
    records: int = 0
    made: int = 0
    lost: dict[int, Path] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.engine = start_engine("local", self.options.jobs, None)
        arguments = self.built.manifest.get("arguments")
        self.box_format = arguments.get("box_format", "unit") if isinstance(arguments, Mapping) else "unit"

    engine: Any = field(init=False)
    box_format: str = field(init=False)

    def dataset(self, facts: Facts, sources: Sequence[Source]) -> None:
        """Write the records of one data set, in as many files as needed."""
        place = len(self.datasets)
        self.datasets.append(facts)
        pages = Pages(self.options.limit)
        records = chain.from_iterable(source.records(self.options.filters) for source in sources)
        number = 0
        for number, record in enumerate(records, 1):
            pages.add(record)
            if number % 1000 == 0:
                self.progress(1000)
                for sheet in pages.full():
                    self._write(sheet, place)
        self.progress(number % 1000)
        for sheet in pages.rest():
            self._write(sheet, place)

    def _write(self, sheet: Sheet, dataset: int) -> None:
        name = f"data-{len(self.parts) + 1:04d}.js"
        images = [image for _, image in sheet.images.items]
        if is_below(images[0]) and not (first := self.built.path_of(images[0])).exists():  # one tells where all lie
            self.lost.setdefault(dataset, first)
        more: dict[str, Any] = {"shown": self._shown(images, sheet)}
        if self.box_format == "qwen25":
            sizes = zip(sheet.pictures["width"], sheet.pictures["height"], strict=True)
            more["scale"] = [smart_resize(size) if all(size) else (1, 1) for size in sizes]
        self.folder.write_text(name, script("medmat.shard", sheet.plain(dataset, **more), name))
        self.parts.append({"dataset": dataset, "file": name, "records": len(sheet)})
        self.records += len(sheet)

    def _shown(self, images: Sequence[str], sheet: Sheet) -> dict[int, str]:
        """The pictures that are not shown from where they lie, by place: made for the page, or "" for none at all."""
        shown: dict[int, str] = {}
        asked = []
        for place, image in enumerate(images):
            if not is_below(image):
                shown[place] = ""  # a path that leaves the data folder is not followed
                continue
            boxes = bool(sheet.pictures["boxes"][place])
            one = wanted(image, self.built.path_of(image).absolute(), self.folder.stage, boxes=boxes)
            if one is not None:
                asked.append((place, one))
        made = self.engine.map(make, (one for _, one in asked))
        for (place, _), name in zip(asked, made, strict=True):
            if name:
                shown[place] = name
                self.made += 1
        return dict(sorted(shown.items()))

    def end(self) -> None:
        """Write what the page reads first, and the problems."""
        problems = self._problems()
        subsets = {entry.no: [entry.modality, entry.area, entry.task] for entry in subset_index().values()}
        used = sorted({facts.subset for facts in self.datasets if facts.subset in subsets})
        written = next((own for name, own in CONVENTIONS.items() if name == self.box_format), CONVENTIONS["thousand"])
        index = {
            "records": self.records, "asks": ASKS, "splits": PARTS, "levels": LEVELS, "packs": self._packs(),
            "datasets": [
                {"no": one.no, "slug": one.slug, "title": one.title, "subset": one.subset, "license": one.license}
                for one in self.datasets
            ],
            "subsets": {no: subsets[no] for no in used},
            "pictures": base_url(self.built.pictures.absolute(), self.folder.to),
            "rendered": base_url(self.built.out.absolute(), self.folder.to),
            "scale": written.end and [written.end] * 2, "yFirst": written.y_first, "problems": problems["told"],
            "reasons": {name: REASONS[name] for name in sorted(problems["reasons"]) if name in REASONS},
        }  # fmt: skip
        self.folder.write_text("data-index.js", script("medmat.index", index))

    def _packs(self) -> list[dict[str, Any]]:
        """What the page opens together: all, or beyond the limit each data file alone."""
        if self.records <= self.options.limit:
            names = [part["file"] for part in self.parts]
            return [{"name": "all", "title": "All", "files": names, "records": self.records}] if names else []
        packs = []
        for place, parts in groupby(self.parts, key=lambda part: part["dataset"]):
            facts, own = self.datasets[place], list(parts)
            for number, part in enumerate(own, 1):
                page = f", page {number} of {len(own)}" if len(own) > 1 else ""
                packs.append({
                    "name": facts.slug + (f"-{number}" if len(own) > 1 else ""),
                    "title": (f"{facts.no} " if facts.no else "") + facts.slug + page,
                    "files": [part["file"]], "records": part["records"],
                })  # fmt: skip
        return packs

    def _problems(self) -> dict[str, Any]:
        """Write the problems of the data sets shown; returns what the page is told of them."""
        places = {facts.slug: place for place, facts in enumerate(self.datasets)}
        names, reasons, details = Texts(), Texts(), Texts()
        columns: dict[str, list[Any]] = {
            name: [] for name in ("dataset", "place", "level", "file", "row", "reason", "detail")
        }
        total = 0
        whole = self.options.filters == Filters()
        for one in _problem_lines(self.built.out / "problems.jsonl"):
            slug = str(one.get("dataset", ""))
            if not whole and slug not in places:
                continue
            total += 1
            if total > PROBLEMS_SHOWN:
                continue
            row = one.get("row")
            values = (
                names.number(slug), places.get(slug, -1), int(one.get("level") != LEVELS[0]), str(one.get("file", "")),
                row if type(row) is int else None, reasons.number(str(one.get("reason", ""))),
                details.number(str(one.get("detail", ""))),
            )  # fmt: skip
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
        name = "data-problems.js" if total else ""
        if name:
            body = {**columns, "names": names.items, "reasons": reasons.items, "details": details.items}
            self.folder.write_text(name, script("medmat.problems", body, name))
        return {"told": {"total": total, "file": name}, "reasons": reasons.items}


def _problem_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """The lines of problems.jsonl; one that cannot be read is a problem itself."""
    if not path.is_file():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                found = json.loads(line)
                if type(found) is not dict:
                    raise ValueError
            except (ValueError, RecursionError):
                what = "this line cannot be read"
                found = {"level": LEVELS[0], "file": os.fspath(path), "row": number, "detail": what}
            yield found
