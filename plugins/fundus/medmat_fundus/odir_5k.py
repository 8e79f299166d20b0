"""ODIR-5K: one row a patient, keywords for each eye, pictures named ``<patient>_left.jpg`` and ``<patient>_right.jpg``.

The columns N to O are the patient's, for both eyes together; an eye is labelled by its own keywords.
"""

import re
from collections import Counter
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

PARTS: tuple[tuple[str, str, readers.Split], ...] = (  # of the OIA-ODIR release: table, folder, part
    ("training annotation (English).xlsx", "Training Set", "train"),
    ("off-site test annotation (English).xlsx", "Off-site Test Set", "val"),
    ("on-site test annotation (English).xlsx", "On-site Test Set", "test"),
)
WHOLE = ("ODIR-5K_Training_Annotations*.xlsx", "data.xlsx", "ODIR-5K_Training_Annotations*.csv", "full_df.csv")
SMALL = "preprocessed_images"
UNLABELLED = {"odir-5k_testing_images", "testing images"}
SEPARATORS = re.compile("[，、,;?]")  # the full-width comma; some CSV copies turned it into a question mark
NO_DIAGNOSIS = {
    "lens dust",
    "low image quality",
    "image offset",
    "optic disk photographically invisible",
    "anterior segment image",
    "no fundus image",
}
CODES = (  # in this order: the first that a keyword contains
    ("glaucoma", "G"),
    ("cataract", "C"),
    ("age-related macular degeneration", "A"),
    ("hypertensive retinopathy", "H"),
    ("myopia", "M"),
    ("myopic", "M"),
    ("proliferative", "D"),
    ("diabetic retinopathy", "D"),
    ("normal fundus", "N"),
)


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    parts = [(tree.find(table), tree.folder(folder), table, split) for table, folder, split in PARTS]
    for file, folder, table, split in parts:
        if file or folder:
            file = file or f"{folder}/Annotation/{table}"
            pictures = readers.Pictures(tree, under=folder or file.rpartition("/")[0].rpartition("/")[0])
            yield from listed_eyes(tree, card, file, pictures, split)
    if not any(file or folder for file, folder, *_ in parts):
        file = tree.find(*WHOLE) or WHOLE[0].replace("*", "(Updated)_V2")
        paths = [path for path in tree.images() if UNLABELLED.isdisjoint(path.lower().split("/"))]
        originals = [path for path in paths if SMALL not in path.lower().split("/")]
        small = len(paths) - len(originals)
        if originals and small:
            tree.report("left_out", SMALL, f"{small} pictures lie here at their full size, too, which is read")
        pictures = readers.Pictures(tree, paths=originals or paths)
        yield from listed_eyes(tree, card, file, pictures, None)


def listed_eyes(
    tree: readers.Tree, card: Card, file: str, pictures: readers.Pictures, split: readers.Split | None
) -> Iterator[LabelSample]:
    """The eyes of a table, and a problem for each picture that it does not name; without the table that is one."""
    eyes = eyes_of(tree, card, file, pictures, split)
    return readers.report_unlisted(pictures, eyes) if tree.exists(file) else eyes


def eyes_of(
    tree: readers.Tree, card: Card, file: str, pictures: readers.Pictures, split: readers.Split | None
) -> Iterator[LabelSample]:
    sides = [(f"{side}-Fundus", f"{side}-Diagnostic Keywords") for side in ("Left", "Right")]
    seen = set()
    table = list(readers.rows(tree, file, require=["ID", *sides[0], *sides[1]]))
    rows_of = Counter(row["ID"] for row in table)
    fellows = 0
    for row in table:
        own = of_one_eye(row)
        for image, keywords in sides:
            name = row[image]
            if (own or name) != name or (name, row[keywords]) in seen:
                continue
            seen.add((name, row[keywords]))
            if own == "" and rows_of[row["ID"]] == 1 and fellow_only(pictures, name, [row[side] for side, _ in sides]):
                fellows += 1
                continue
            found = eye(row[keywords])
            if found is None:
                tree.report("bad_row", file, f"no keywords for {name!r}", row.number)
            elif (path := pictures.wanted(name, file, row.number)) is not None:
                stated, uncertain = found
                absent = [code for code in card.labels if (stated or uncertain) and code not in stated | uncertain]
                yield LabelSample(path, tuple(stated), tuple(uncertain), tuple(absent), group=row["ID"], split=split)
    if fellows:
        tree.report("left_out", file, f"{fellows} eyes are named as the fellow of another eye only and have no picture")


def of_one_eye(row: readers.Row) -> str | None:
    """The eye that a row of full_df.csv is about: it has a row an eye, each with the keywords of both.

    None where the table has a row a patient; "" where a copy lacks the columns that tell the eye.
    """
    if readers.stem(row.file) != "full_df":
        return None
    return row.get("filename") or row.get("filepath").replace("\\", "/").rpartition("/")[2]


def fellow_only(pictures: readers.Pictures, name: str, eyes: list[str]) -> bool:
    """Whether a picture is not there and the other one of the patient's two is."""
    return pictures.name(name) is None and any(pictures.name(eye) for eye in eyes)


def eye(keywords: str) -> tuple[dict[str, None], dict[str, None]] | None:
    """(stated, uncertain) codes of one eye, in order; both empty where it has no diagnosis, None without keywords.

    Suspected findings are uncertain; "normal fundus" beside any other finding falls away.
    """
    words = [" ".join(word.lower().split()) for word in SEPARATORS.split(keywords)]
    if not any(words):
        return None
    stated: dict[str, None] = {}
    uncertain: dict[str, None] = {}
    for word in words:
        if word and word not in NO_DIAGNOSIS:
            code = next((code for text, code in CODES if text in word), "O")
            (uncertain if word.startswith(("suspected", "suspicious")) else stated)[code] = None
    for code in stated:
        uncertain.pop(code, None)
    if len(stated) + len(uncertain) > 1:
        stated.pop("N", None)
    return stated, uncertain


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
