"""CheXpert small: a table a part with one column a finding, pictures as part/patient/study/view."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

PARTS: tuple[tuple[str, readers.Split], ...] = (("train.csv", "train"), ("valid.csv", "val"))
NORMAL, DEVICES = "No Finding", "Support Devices"


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    pictures = readers.Pictures(tree, paths=(path for path in tree.images() if readers.split_of(path)))
    return readers.report_unlisted(pictures, films(tree, card))


def films(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    findings = tuple(card.labels)
    for file, part in PARTS:
        for row in readers.rows(tree, file, require=("Path", *findings)):
            marks = readers.marks(row, findings)
            if marks is None:
                tree.report("bad_row", file, "a finding's column holds no 1, 0, -1 or blank", row.number)
                continue
            path = readers.picture_beside(tree, file, row["Path"], row.number)
            if path is None:
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
