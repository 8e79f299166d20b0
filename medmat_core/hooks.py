"""The hooks a plugin may implement. A plugin is a module named by an entry point of group ``medmat``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from pathlib import Path

    import click
    import numpy as np

    from medmat_core.dataset import Dataset
    from medmat_core.model import Mask
    from medmat_core.subsets import Subset
    from medmat_core.writers import Writer

API_VERSION = 1
"""The version of this contract. A plugin that needs another one says so with ``MEDMAT_API = N``."""

hookspec = pluggy.HookspecMarker("medmat")
hookimpl = pluggy.HookimplMarker("medmat")


@hookspec
def medmat_datasets() -> Sequence[Dataset]:
    """The data sets of a plugin.

    Called once when the catalog is loaded; must not touch the disk beyond its own cards. Returns the data
    sets, most often one. Two plugins that claim one slug or one number are an error that names both.
    """
    raise NotImplementedError


@hookspec
def medmat_subsets() -> Sequence[Subset]:
    """New subsets: (modality, area, task) triples that Med-MAT does not have.

    Called once when the catalog is loaded, before data sets are placed. Numbers from 1000 up are free for
    plugins; a number that is taken is an error that names both.
    """
    raise NotImplementedError


@hookspec
def medmat_writers() -> Sequence[Writer]:
    """Output formats for ``medmat build --format NAME``.

    Called once when a build starts. A name that is taken is an error that names both.
    """
    raise NotImplementedError


@hookspec
def medmat_commands() -> Sequence[click.Command]:
    """Further commands of ``medmat``.

    Called once when the command line starts. A name that is taken is an error that names both.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def medmat_regions(mask: Mask, size: tuple[int, int], root: Path) -> Sequence[tuple[str, np.ndarray]] | None:
    """Decode a kind of mask that the core does not know.

    Called in a worker once per mask of a sample; ``size`` is the picture's (width, height) in stored pixels and
    ``root`` the data set's own root. Returns (code, array) pairs, each array uint8 of shape (height, width),
    non-zero where the class is; or None to leave the mask to the next plugin. The first result wins; the
    core's own decoder is asked last.
    """
