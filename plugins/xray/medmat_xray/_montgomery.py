"""What the two rows made of the Montgomery County set share: who is on which film."""

import re

from medmat_core import readers

_SAME = re.compile(r"same\s+(?:pt|patient)\s+as\s+(MCUCXR_\d+_[01])", re.IGNORECASE)


def stem(path: str) -> str:
    """'MontgomerySet/CXR_png/MCUCXR_0001_0.png' -> 'MCUCXR_0001_0'."""
    return path.rpartition("/")[2].rpartition(".")[0]


def films(tree: readers.Tree) -> list[str]:
    """The radiographs; the lung masks have the same file names, so the folder tells them apart."""
    folder = tree.folder("CXR_png") or "CXR_png"
    return [path for path in tree.images(folder) if stem(path).casefold().startswith("mcucxr")]


def patients(tree: readers.Tree) -> dict[str, str]:
    """Film -> the film whose patient it shows again, where a clinical reading says "(same pt as MCUCXR_0162_1)"."""
    same: dict[str, str] = {}
    folder = tree.folder("ClinicalReadings")
    for file in tree.files(folder, (".txt",)) if folder else ():
        text = " ".join(line for _, line in readers.lines(tree, file))
        named = _SAME.search(text)
        if named and named[1] != stem(file):
            same[stem(file)] = named[1]
    return same
