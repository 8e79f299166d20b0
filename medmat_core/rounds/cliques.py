"""Sets of which any two are compatible, found in rows of bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def bit_rows(matrix: NDArray[np.bool_]) -> list[int]:
    """The rows of a boolean matrix as whole numbers: bit j of row i is ``matrix[i, j]``."""
    packed = np.packbits(matrix, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def clique(rows: list[int], candidates: int, size: int, steps: int) -> list[int] | None:
    """``size`` of the candidates (a set of bits) that are all compatible, lowest bits first; None if none was found.

    Looks through all of them in order, but gives up after so many steps: most failures show early, and a proof that
    there is none may take for ever.
    """
    left = steps

    def grown(candidates: int, size: int) -> list[int] | None:
        nonlocal left
        if not size:
            return []
        while candidates.bit_count() >= size and left > 0:
            left -= 1
            lowest = candidates & -candidates
            candidates ^= lowest
            place = lowest.bit_length() - 1
            more = grown(candidates & rows[place], size - 1)
            if more is not None:
                return [place, *more]
        return None

    return grown(candidates, size)


def square(compatible: Any, names: NDArray[Any]) -> NDArray[np.bool_]:
    """``compatible`` of every two of some names."""
    return np.asarray(compatible(names[:, None], names[None, :]), np.bool_)
