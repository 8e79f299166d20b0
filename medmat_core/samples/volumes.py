"""Volumes of an example tree: NIfTI and NumPy."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING

from medmat_core.errors import MedmatError

if TYPE_CHECKING:
    import numpy as np


def volume_bytes(path: str, kind: str, layers: list[np.ndarray], sliced: bool) -> bytes:
    """Layers of shape (height, width) as one file.

    NIfTI counts x first: its array is (width, height, slices). NumPy keeps rows first: (height, width, slices).
    Not ``sliced``: the one layer without the last axis.
    """
    import numpy as np

    if kind == "npy":
        out = io.BytesIO()
        np.save(out, np.stack(layers, axis=2) if sliced else layers[0], allow_pickle=False)
        return out.getvalue()
    try:
        import nibabel
    except ImportError as error:
        raise MedmatError(f"{path}: NIfTI needs nibabel; run: pip install 'medmat-core[nifti]'") from error
    turned = [layer.T for layer in layers]
    image = nibabel.Nifti1Image(np.stack(turned, axis=2) if sliced else turned[0], np.eye(4))
    raw: bytes = image.to_bytes()
    # no time of writing in the header, so that equal volumes are equal files
    return gzip.compress(raw, mtime=0) if path.lower().endswith(".gz") else raw
