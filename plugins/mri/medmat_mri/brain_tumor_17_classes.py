"""Brain Tumor MRI, 17 classes: a folder for each diagnosis and sequence, named in Portuguese or, in some copies, in
English: "Schwannoma (Acustico, Vestibular - Trigeminal) T1C+".
"""

import re
import unicodedata
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

FOLDER = re.compile(r"(?:(normal)|(\w+)\b[^()]*\(.*\)) (t1c\+|t1|t2)")
ENGLISH = {"neurocytoma": "neurocitoma", "other": "outros"}


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    known = {kind_of(code): code for code in card.labels}

    def code(folder: str) -> str | None:
        kind = kind_of(folder)
        return known.get(kind, folder) if kind else None

    return readers.class_folders(tree, card, code=code)


def kind_of(folder: str) -> tuple[str, str] | None:
    """'Neurocitoma (Central - ...) T2' -> ('neurocitoma', 't2'): diagnosis and sequence; None for other folders."""
    name = FOLDER.fullmatch(unicodedata.normalize("NFC", folder).casefold().strip())
    if name is None:
        return None
    diagnosis = name[1] or name[2]
    return ENGLISH.get(diagnosis, diagnosis), name[3]


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
