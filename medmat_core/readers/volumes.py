"""Volumes: the slices of a NIfTI or NumPy file, counted from its header alone."""

from __future__ import annotations

from collections.abc import Iterator

from medmat_core.errors import MedmatError
from medmat_core.images.suffixes import NIFTI_SUFFIXES
from medmat_core.model import Slice
from medmat_core.tree import Tree


def slices_of(tree: Tree, file: str, axis: int = 2) -> Iterator[Slice]:
    """Every slice of a volume along ``axis``. Reads the header only; reports what has none."""
    shape = _shape(tree, file)
    if shape is None:
        return
    if len(shape) <= axis:
        tree.report("bad_image", file, f"an array of shape {shape} has no axis {axis}")
        return
    for index in range(shape[axis]):
        yield Slice(file, index, axis)


def _shape(tree: Tree, file: str) -> tuple[int, ...] | None:
    path = tree.path(file)
    try:
        if not file.lower().endswith(NIFTI_SUFFIXES):
            import numpy as np

            return tuple(int(n) for n in np.load(path, mmap_mode="r", allow_pickle=False).shape)
        try:
            import nibabel
        except ImportError as error:
            raise MedmatError(f"{file}: NIfTI needs nibabel; run: pip install 'medmat-core[nifti]'") from error
        return tuple(int(n) for n in nibabel.load(path).shape)
    except MedmatError:
        raise
    except Exception as error:  # nibabel raises its own kinds for a broken header
        tree.report("bad_image", file, f"the volume's header cannot be read: {error}")
        return None
