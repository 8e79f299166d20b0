"""CheXpert small: a table a part with one column a finding, pictures as part/patient/study/view."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

PARTS: tuple[tuple[str, readers.Split], ...] = (("train.csv", "train"), ("valid.csv", "val"))
NORMAL, DEVICES = "No Finding", "Support Devices"


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    named: set[str] = set()
    yield from films(tree, card, named)
    for path in tree.images() if named else ():  # where no table is there, that is told and enough
        if readers.split_of(path) and path not in named:
            tree.report("missing_label", path, "no row of train.csv or valid.csv names the picture")


def films(tree: readers.Tree, card: Card, named: set[str]) -> Iterator[LabelSample]:
    """A sample a row; every picture that a row names, usable or not, is added to ``named``."""
    findings = tuple(card.labels)
    for file, part in PARTS:
        for row in readers.rows(tree, file, require=("Path", *findings)):
            path = readers.picture_beside(tree, file, row["Path"], row.number)
            if path is None:
                continue
            named.add(path)
            marks = readers.marks(row, findings)
            if marks is None:
                tree.report("bad_row", file, "a finding's column holds no 1, 0, -1 or blank", row.number)
                continue
            present = {*marks.stated, *marks.uncertain} - {NORMAL, DEVICES}
            if NORMAL in marks.stated and present:
                tree.report("contradictory_label", path, f"{NORMAL} beside {', '.join(sorted(present))}", row.number)
                continue
            absent = (*marks.absent, *ruled_out(marks, findings))
            yield LabelSample(path, marks.stated, marks.uncertain, absent, group=patient(path), split=part)


def patient(path: str) -> str | None:
    """'train/patient00001/study1/view1_frontal.jpg' -> 'patient00001'."""
    return next((name for name in path.split("/") if name.startswith("patient")), None)


def ruled_out(marks: readers.Marks, findings: tuple[str, ...]) -> Iterator[str]:
    """Blank columns that the table's own rule makes negative: "No Finding" is 1 only where no disease is stated or
    uncertain, so each excludes the other. Devices are no disease. Any other blank says nothing."""
    diseases = [finding for finding in findings if finding not in (NORMAL, DEVICES)]
    if NORMAL in marks.stated:
        yield from (finding for finding in diseases if finding not in marks.absent)
    elif NORMAL not in (*marks.absent, *marks.uncertain) and any(finding in marks.stated for finding in diseases):
        yield NORMAL


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
