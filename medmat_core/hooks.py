"""The hooks a plugin may implement. A plugin is a module named by an entry point of group ``medmat``.

medmat's own commands, formats and mask decoders are answers to the same hooks (:mod:`medmat_core.builtin`). A hook
that fails, or answers with something else than it says here, is told with the plugin's name and version; what the
plugin would have added is left out, everything else works on, and the exit code is 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from pathlib import Path

    import click
    import numpy as np

    from medmat_core.dataset import Dataset
    from medmat_core.formats import Format
    from medmat_core.model import Mask
    from medmat_core.regions.decode import Decoded
    from medmat_core.subsets import Subset

API_VERSION = 2
"""The version of this contract. A plugin that needs another one says so with ``MEDMAT_API = N``."""

hookspec = pluggy.HookspecMarker("medmat")
hookimpl = pluggy.HookimplMarker("medmat")


@hookspec
def medmat_datasets() -> Sequence[Dataset]:
    """The data sets of a plugin. Since version 1.

    Called at most once a run: when the catalog is loaded, or, where the package's index tells what the cards say, when
    a data set of the module is needed. Must not touch the disk beyond its own cards. Returns the data sets, most
    often one. Two plugins that claim one slug or one number are an error that names both.
    """
    raise NotImplementedError


@hookspec
def medmat_subsets() -> Sequence[Subset]:
    """New subsets: (modality, area, task) triples that Med-MAT does not have. Since version 1.

    Called at most once a run, when subsets are first asked for. Returns the subsets. Numbers from 1000 up are free for
    plugins; a number that is taken is an error that names both owners.
    """
    raise NotImplementedError


@hookspec
def medmat_formats() -> Sequence[Format]:
    """Output formats for ``medmat export --format NAME``. Since version 2; ``medmat_writers`` in version 1.

    Called at most once a run, when an export starts or formats are listed. Returns the formats; they are pickled to
    workers, so their class lies in a module. A name that is taken is an error that names both owners.
    """
    raise NotImplementedError


@hookspec
def medmat_commands() -> Sequence[click.Command]:
    """Further commands of ``medmat``. Since version 1.

    Called at most once a run, when the command line starts. Returns click commands. A name that is taken is an error
    that names both owners.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def medmat_regions(mask: Mask, size: tuple[int, int], root: Path) -> Sequence[tuple[str, np.ndarray] | Decoded] | None:
    """Decode a kind of mask that the core does not know. Since version 1.

    Called in a worker once per mask of a sample; ``size`` is the picture's (width, height) in stored pixels and
    ``root`` the data set's own root. Returns (code, array) pairs, each array uint8 of shape (height, width),
    non-zero where the class is; or None to leave the mask to the next plugin. Plugins are asked in the order of their
    entry points' names, medmat's own decoder last of all; the first answer that is not None counts. An exception
    refuses the picture as ``bad_mask``, and the plugin is named at the end. (``Decoded`` is what medmat's own decoder
    returns: it also tells that a mask was scaled.)
    """
