"""medmat's own plugin: its commands, formats and mask decoders answer the same hooks as a stranger's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from medmat_core.hooks import hookimpl

if TYPE_CHECKING:
    from pathlib import Path

    import click

    from medmat_core.formats import Format
    from medmat_core.model import Mask
    from medmat_core.regions.decode import Decoded


_COMMANDS: Final = {
    "list": ("list_", "Show the data sets that the installed plugins know."),
    "show": ("show", "Show one data set's card: where to get it, where to unzip it, what is wrong with it."),
    "download": ("download", "Fetch data sets, verify them and unpack them into their folders."),
    "build": ("build", "Turn unzipped data sets into question/answer records."),
    "check": ("check", "Compare what lies in your data folder with what the cards say."),
    "audit": ("audit", "Test a built folder (or Med-MAT's published files) for every fault we know of."),
    "preview": ("preview", "Write a page to look at what was built: pictures with boxes, questions, rounds."),
    "export": ("export", "Make a self-contained folder for a trainer or a judge from a built one."),
    "score": (
        "score",
        "Turn a model's predictions into figures with intervals, chance and a blind guesser beside them.",
    ),
    "stats": (
        "stats",
        "Show the distributions of a built folder: labels, parts, rounds, picture sizes, what is missing.",
    ),
    "compose": ("compose", "Make mixtures of subsets over modality, area and task for a target that none of them is."),
    "sample": ("sample", "Write tiny synthetic data sets in the real layouts."),
    "demo": ("demo", "Sample, build and summarise everything installed: a first look in two minutes."),
    "new-plugin": ("new_plugin", "Write a complete plugin package for a data set of your own."),
}


@hookimpl
def medmat_commands() -> Sequence[click.Command]:
    from medmat_core.lazy import LazyCommand

    return [LazyCommand(name, f"medmat_core.commands.{module}", told) for name, (module, told) in _COMMANDS.items()]


@hookimpl
def medmat_formats() -> Sequence[Format]:
    from medmat_core.formats import core_formats

    return core_formats()


@hookimpl(trylast=True)
def medmat_regions(mask: Mask, size: tuple[int, int], root: Path) -> Sequence[Decoded]:
    from medmat_core.regions.decode import decode

    return decode(mask, size, root)
