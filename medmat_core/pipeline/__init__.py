"""Building records: the pipeline and its engines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medmat_core.catalog import Catalog
    from medmat_core.pipeline.manifest import Manifest


def build(
    names: Sequence[str] = (),
    *,
    data: Path | str,
    out: Path | str | None = None,
    catalog: Catalog | None = None,
    **options: Any,
) -> Manifest:
    """``medmat build`` as a function.

    ``names`` are numbers or slugs (none: every data set present under ``data``); the other keyword arguments
    are those of the command with underscores: ``seed``, ``jobs``, ``formats``, ``split``, ``verify``, ...
    Returns the manifest; ``manifest.refused`` counts refused inputs. Raises
    :class:`medmat_core.errors.MedmatError` kinds with a message that says what to do.
    """
    from medmat_core.catalog import load_catalog
    from medmat_core.pipeline.options import BuildOptions
    from medmat_core.pipeline.run import run_build

    if out is not None:
        options["out"] = Path(out)
    arguments = BuildOptions(data=Path(data), names=tuple(names), **options)
    return run_build(catalog or load_catalog(), arguments)


__all__ = ["build"]
