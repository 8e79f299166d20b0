"""What the two rows made of the Montgomery County set share: its films and who is on them."""

from medmat_core import readers

SAME_PATIENT = {"MCUCXR_0117_1": "MCUCXR_0113_1", "MCUCXR_0166_1": "MCUCXR_0162_1"}
"""A film -> an earlier one of the same patient: the clinical readings of these two say so ("same pt as ...")."""


def films(tree: readers.Tree) -> list[str]:
    """The radiographs; the lung masks have the same file names, so the folder tells them apart."""
    return list(tree.images(tree.folder("CXR_png") or "CXR_png"))


def stem(path: str) -> str:
    """'MontgomerySet/CXR_png/MCUCXR_0001_0.png' -> 'MCUCXR_0001_0'."""
    return path.rpartition("/")[2].rpartition(".")[0]


def patient(path: str) -> str:
    """The film itself, or the one that is known to show the same patient."""
    return SAME_PATIENT.get(stem(path), stem(path))
