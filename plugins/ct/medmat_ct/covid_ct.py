"""COVID-CT: figures cut from papers in CT_COVID and CT_NonCOVID; six lists in ``Data-split`` name the parts, and two
tables the patient of each picture.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

TABLES = (
    ("COVID-CT-MetaInfo.xlsx", "File name", "Patient ID"),
    ("NonCOVID-CT-MetaInfo.csv", "image name", "patient id"),
)
SUFFIXES = ("png", "jpg", "jpeg")


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    patients, parts = patients_of(tree), parts_of(tree, card)

    def patient(path: str) -> str:
        # panels of one figure that no table names differ in the last number: "1%0", "1%1"
        name = stem(path)
        return patients.get(key(path)) or name.rpartition("%")[0] or name

    return readers.class_folders(tree, card, group=patient, split=lambda path: parts.get(key(path)))


def patients_of(tree: readers.Tree) -> dict[str, str]:
    """Patient by picture."""
    found: dict[str, str] = {}
    for name, image, patient in TABLES:
        file = tree.find(name)
        if file is not None:
            found |= {key(text): value for text, value in readers.lookup(tree, file, image, patient).items()}
    return found


def parts_of(tree: readers.Tree, card: Card) -> dict[str, str]:
    """Part by picture; copies of the lists hold whole paths."""
    found: dict[str, str] = {}
    for part in ("train", "val", "test"):
        for code in card.labels:
            file = tree.find(f"{part}{code}.txt")
            for _, line in readers.lines(tree, file) if file is not None else ():
                found.setdefault(key(line), part)
    return found


def stem(name: str) -> str:
    """The file name without suffix: names hold dots, and a quarter of those in the spreadsheet lack the suffix."""
    last = name.replace("\\", "/").rpartition("/")[2]
    bare, _, suffix = last.rpartition(".")
    return bare if suffix.casefold() in SUFFIXES else last


def key(name: str) -> str:
    """By what lists and pictures meet: one picture is a .png here and a .jpg there, copies write _ for %."""
    return stem(name).replace("%", "_").casefold()


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
