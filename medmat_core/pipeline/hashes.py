"""What decoded pixels hash to: equal for pictures that decode alike, near for near copies. Made where asked for."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Collection
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from attrs import Factory, define

ALIKE: Final = "alike"
NEAR: Final = "near"


@define
class Hashes:
    """A number a picture, in the order of the pictures; a column that is not asked for stays empty.

    ``alike`` is equal for equal pixels, ``near`` as :func:`medmat_core.images.near.perceptual`; 0: not decoded.
    """

    alike: array[int] = Factory(lambda: array("Q"))
    near: array[int] = Factory(lambda: array("Q"))

    def add(self, wanted: Collection[str], pixels: npt.NDArray[Any] | None) -> None:
        """The next picture's."""
        if ALIKE in wanted:
            self.alike.append(digest(pixels) if pixels is not None else 0)
        if NEAR in wanted:
            from medmat_core.images.near import perceptual

            self.near.append(perceptual(pixels) if pixels is not None else 0)

    def extend(self, other: Hashes) -> None:
        """Append those of further pictures."""
        self.alike.extend(other.alike)
        self.near.extend(other.near)


def digest(pixels: npt.NDArray[Any]) -> int:
    """64 bits over shape, type and values."""
    found = hashlib.sha256(f"{pixels.shape}{pixels.dtype}".encode())
    found.update(np.ascontiguousarray(pixels).view(np.uint8).data)
    return int.from_bytes(found.digest()[:8], "big")
