"""medmat: public medical image data sets, as they lie on disk, into visual question answering.

The names in ``__all__`` are the public face; a plugin module needs nothing else. Two ways from a built folder into a
program are reached beside them: ``medmat_core.load(out)``, a map-style data set with pictures, and
``medmat_core.records(out)``, the typed records one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from medmat_core import readers
    from medmat_core.building import build
    from medmat_core.card import Card
    from medmat_core.catalog import load_catalog
    from medmat_core.dataset import Dataset
    from medmat_core.formats import Format
    from medmat_core.hooks import hookimpl, hookspec
    from medmat_core.loaded import load as load
    from medmat_core.model import BoxSample, LabelSample, MaskSample, Problem, Record, Region
    from medmat_core.records import records as records
    from medmat_core.subsets import Subset

__all__ = [
    "BoxSample",
    "Card",
    "Dataset",
    "Format",
    "LabelSample",
    "MaskSample",
    "Problem",
    "Record",
    "Region",
    "Subset",
    "build",
    "hookimpl",
    "hookspec",
    "load_catalog",
    "readers",
]

_HOMES = {
    "BoxSample": "model",
    "Card": "card",
    "Dataset": "dataset",
    "Format": "formats",
    "LabelSample": "model",
    "MaskSample": "model",
    "Problem": "model",
    "Record": "model",
    "Region": "model",
    "Subset": "subsets",
    "build": "building",
    "hookimpl": "hooks",
    "hookspec": "hooks",
    "load": "loaded",
    "load_catalog": "catalog",
}


def __getattr__(name: str) -> Any:
    # imported when first used: `medmat --help` must not pay for the whole machine
    from importlib import import_module

    if name in ("readers", "records"):  # the second is a module that can be called
        return import_module(f"medmat_core.{name}")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'medmat_core' has no attribute {name!r}")
    return getattr(import_module(f"medmat_core.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "load", "records", "__version__"])
