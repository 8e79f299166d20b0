"""Volumes: the slices of a NIfTI or NumPy file, counted from its header alone."""

from __future__ import annotations

from collections.abc import Iterator

from medmat_core.images import PictureError
from medmat_core.model import Slice
from medmat_core.tree import Tree


def slices_of(tree: Tree, file: str, axis: int = 2) -> Iterator[Slice]:
    """Every slice of a volume along ``axis``. Reads the header only; reports what has none."""
    from medmat_core.images.volumes import volume_shape

    try:
        shape = volume_shape(tree.path(file))
    except PictureError as error:
        tree.report(error.reason, file, error.detail)
        return
    if len(shape) <= axis:
        tree.report("bad_image", file, f"an array of shape {shape} has no axis {axis}")
        return
    for index in range(shape[axis]):
        yield Slice(file, index, axis)
