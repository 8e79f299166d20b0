"""``medmat build`` as a function: the records, then what further formats make of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from medmat_core.errors import MedmatError, PluginError, UsageError

if TYPE_CHECKING:
    from medmat_core.catalog import Catalog
    from medmat_core.pipeline.engines import EngineName
    from medmat_core.pipeline.manifest import Manifest
    from medmat_core.pipeline.options import BuildOptions
    from medmat_core.pipeline.progress import Progress, Step
    from medmat_core.regions.box_words import BoxFormat

EXPORTED: Final = "export"
"""The folder below OUT that holds what further formats made."""

Name = int | str
"""A data set: the number of its row, or its slug."""


def build(
    names: Name | Iterable[Name] = (),
    *,
    data: Path | str,
    out: Path | str | None = None,
    catalog: Catalog | None = None,
    progress: bool | Callable[[Step], None] = False,
    subset: int | None = None,
    modality: str | None = None,
    access: str | Iterable[str] = (),
    licenses: str | Iterable[str] = (),
    formats: str | Iterable[str] = ("medmat",),
    seed: int = 0,
    jobs: int | None = None,
    engine: EngineName = "local",
    scheduler: str | None = None,
    split: Literal["official", "group", "none"] = "official",
    test_fraction: float = 0.15,
    fold: str | tuple[int, int] | None = None,
    validation: Literal["train", "test", "own"] | None = None,
    max_per_label: int | None = None,
    distractors: Literal["round", "subset"] = "round",
    surplus: Literal["keep", "drop"] = "keep",
    pool: Literal["frozen", "installed"] = "frozen",
    asks: str | Iterable[str] | None = None,
    box_format: BoxFormat = "unit",
    verify: Literal["none", "header", "full"] = "header",
    near: Literal["off", "report", "drop"] = "off",
    timeout_per_file: float = 600,
    as_published: bool = False,
    strict: bool = False,
    resume: bool = False,
) -> Manifest:
    """``medmat build`` as a function: ``build([97], data="med-mat")``, ``build("busi-seg", data="med-mat")``.

    ``names`` is a number or slug, or several (none: every data set present under ``data``). ``out`` is the parent of
    ``data`` unless given, ``catalog`` what is installed, ``jobs`` the number of cores. ``progress=True`` shows a bar
    (on a terminal and in a notebook; lines in a log), a function is called with each
    :class:`~medmat_core.pipeline.progress.Step`. All other arguments are those of the command, with underscores and in
    the plural where the command repeats them; one text may stand for a list of one, or of some joined by commas.

    Returns the manifest, which shows itself as a line and in a notebook as a table; ``manifest.refused`` counts refused
    inputs. Raises :class:`medmat_core.errors.MedmatError` kinds with a message that says what to do.
    """
    from medmat_core.catalog import load_catalog
    from medmat_core.pipeline.options import BuildOptions
    from medmat_core.pipeline.progress import progress_of

    for name, path in (("data", data), ("out", out)):
        if path == "":
            raise UsageError(f"{name}: it is empty; name a folder ('.' is the current one)")
    folder = Path(data)
    options = BuildOptions(
        data=folder, out=Path(out) if out is not None else Path(os.path.abspath(folder)).parent, names=names,
        subset=subset, modality=modality, access=access, licenses=licenses, formats=formats, seed=seed,
        jobs=jobs if jobs is not None else os.cpu_count() or 1, engine=engine, scheduler=scheduler, split=split,
        test_fraction=test_fraction, fold=fold, validation=validation, max_per_label=max_per_label,
        distractors=distractors, surplus=surplus, pool=pool, asks=asks, box_format=box_format, verify=verify,
        near=near, timeout_per_file=timeout_per_file, as_published=as_published, strict=strict, resume=resume,
    )  # fmt: skip
    return build_and_export(catalog if catalog is not None else load_catalog(), options, progress_of(progress))


def build_and_export(catalog: Catalog, options: BuildOptions, progress: Progress | None = None) -> Manifest:
    """:func:`medmat_core.pipeline.run.run_build`, and what it does not write itself: an export of its records with
    defaults, in OUT/export. :class:`PluginError` where a plugin's format fails."""
    from medmat_core.pipeline.options import RECORDED
    from medmat_core.pipeline.run import run_build

    others = [name for name in options.formats if name not in RECORDED and name in catalog.formats()]
    if others:
        from medmat_core.export.folder import check_free

        check_free(options.out / EXPORTED, whole=True)  # before work starts
    manifest = run_build(catalog, options, progress)
    if others:
        _export_others(catalog, options, others)
    return manifest


def _export_others(catalog: Catalog, options: BuildOptions, others: Sequence[str]) -> None:
    """What the build does not write itself is an export with defaults, made of its records, in OUT/export."""
    from medmat_core.blame import told
    from medmat_core.export import ExportOptions, export
    from medmat_core.plugins import CORE
    from medmat_core.records import Built
    from medmat_core.stopping import is_stop

    owners = catalog.formats().owners
    strangers = [f"{name!r} of {owners[name]}" for name in others if owners[name] != CORE]
    built = Built.open(options.out, pictures=options.data.parent)
    try:
        export(built, others, ExportOptions(options.out / EXPORTED, jobs=options.jobs), catalog=catalog)
    except MedmatError:
        raise
    except BaseException as error:  # a stranger's format may raise anything
        if is_stop(error) or not strangers:
            raise
        raise PluginError(
            f"--format {', '.join(others)}: nothing was exported, the build itself is whole: a plugin's format "
            f"({' or '.join(strangers)}) failed: {told(error)}"
        ) from error
