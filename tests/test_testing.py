"""The conformance suite finds what is wrong with a data set, and says where and what to do.

A small data set with every kind of file is defined here; each test breaks one thing in it.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from medmat_core import readers
from medmat_core.card import Card
from medmat_core.dataset import Dataset
from medmat_core.errors import CardError
from medmat_core.model import LabelSample, MaskFile, MaskSample, Problem, Sample
from medmat_core.testing import CHECKS, Finding, Report, check_dataset, example_check, record_check
from medmat_core.testing.guard import PictureOpened, pictures_closed
from medmat_core.testing.round_check import lacking
from medmat_core.tree import Tree

CARD = """
slug = "synthetic"
title = "Synthetic"
folder = "Synthetic"
modality = "CT"
area = "Kidney"
task = "Normal or Cyst or Tumor"
subset = 2
kind = "single-label"
modality_shown = "CT scan"
area_shown = "kidney"
source = "https://example.org/synthetic"
access = "open"
license = "CC0"
outer = "outer"
markers = ["labels.csv"]
normal = "Normal"
group_by = "patient"

[labels]
n = "Normal"
c = "Cyst"
t = "Tumor"

[citation]
bibtex = "@misc{s, title = {Synthetic}}"

[[ignored]]
pattern = "overview.png"
reason = "a preview of all pictures"

[[example.pictures]]
paths = [
  "outer/images/p100_1.png",
  "outer/images/p100_2.png",
  "outer/images/p200_1.png",
  "outer/images/p300_1.png",
  "overview.png",
]

[[example.files]]
path = "outer/labels.csv"
text = \"\"\"
name,patient,code,part,note
p100_1,100,c,train,café
p100_2,100,n,train,
p200_1,200,t,test,
p300_1,300,c,test,
\"\"\"

[[example.expect]]
image = "outer/images/p100_1.png"
captions = ["Cyst"]
group = "100"
split = "train"

[[example.expect]]
image = "outer/images/p100_2.png"
captions = ["Normal"]
group = "100"
split = "train"

[[example.expect]]
image = "outer/images/p200_1.png"
captions = ["Tumor"]
group = "200"
split = "test"

[[example.expect]]
image = "overview.png"
unused = true

[[example.expect]]
image = "outer/images/p300_1.png"
captions = ["Cyst"]
group = "300"
split = "test"
"""


def good(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
    pictures = readers.Pictures(tree, "images")
    table = readers.rows(tree, "labels.csv", require=("name", "patient", "code", "part"))
    yield from readers.table_labels(
        tree,
        table,
        pictures,
        image="name",
        code="code",
        group="patient",
        split=readers.Part(column="part", names={"test": "test", "train": "train"}),
    )


MASK_CARD = (
    CARD.partition("[[ignored]]")[0]
    .replace('"single-label"', '"mask"\nasks = ["box", "location", "presence"]')
    .replace('"labels.csv"', '"images"')
    .replace('"CT"', '"Ultrasound"')
    .replace("subset = 2", "subset = 43")
    + """
[[example.pictures]]
paths = ["outer/images/a.png", "outer/images/b.png", "outer/images/c.png", "outer/images/d.png"]
size = [96, 72]

[[example.pictures]]
paths = ["outer/masks/a.png"]
size = [96, 72]
mode = "L"
shapes = [{ ellipse = [10, 10, 30, 30], value = 255 }]

[[example.pictures]]
paths = ["outer/masks/b.png", "outer/masks/d.png"]
size = [96, 72]
mode = "L"
shapes = [{ ellipse = [66, 50, 90, 70], value = 255 }]

[[example.pictures]]
paths = ["outer/masks/c.png"]
size = [96, 72]
mode = "L"
background = 0

[[example.expect]]
image = "outer/images/a.png"
captions = ["Cyst"]
boxes = { Cyst = [[10, 10, 30, 30]] }

[[example.expect]]
image = "outer/images/c.png"
captions = []
"""
)


def masks(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
    yield from readers.paired_masks(
        tree,
        tree.images("images"),
        lambda image: image.replace("images/", "masks/"),
        code="c",
        missing=card.mask.missing,
        group=lambda image: image,
    )


Adapter = Callable[[Tree, Card], Iterable[Any]]


@pytest.fixture
def findings(tmp_path: Path) -> Callable[..., list[Finding]]:
    """Checks the data set with parts of the card exchanged, and perhaps another adapter."""

    def check(*swaps: tuple[str, str], adapter: Adapter = good, card: str = CARD) -> list[Finding]:
        for old, new in swaps:
            assert card.count(old) >= 1, old
            card = card.replace(old, new)
        path = tmp_path / "synthetic.toml"
        path.write_text(card, encoding="utf-8")
        return check_dataset(Dataset(Card.load(path), adapter), tmp_path / "work").faults

    return check


Check = Callable[..., list[Finding]]


def only(found: list[Finding], check: str, what: str) -> Finding:
    """The finding of a check that says ``what``; it names a place and what to do."""
    hits = [finding for finding in found if finding.check == check and what in finding.what]
    assert hits, f"nothing says {what!r}:\n" + "\n".join(map(str, found))
    assert all(hit.todo and (hit.file or hit.where) for hit in hits)
    return hits[0]


def test_a_data_set_in_order_has_no_fault(findings: Check) -> None:
    assert findings() == []


def test_a_data_set_of_masks_in_order_has_no_fault(findings: Check) -> None:
    assert findings(card=MASK_CARD, adapter=masks) == []


def test_an_ask_without_a_round_in_train_is_found_with_what_to_add(findings: Check) -> None:
    alike = ("[66, 50, 90, 70]", "[11, 10, 31, 30]")
    found = [finding for finding in findings(alike, card=MASK_CARD, adapter=masks) if finding.check == "rounds"]
    assert [finding.what.partition("'")[2].partition("'")[0] for finding in found] == ["box", "location"]
    assert "in other places" in found[0].todo and "leave 'box' out of asks" in found[0].todo
    assert "different cells" in found[1].todo


def test_one_class_leaves_nothing_to_choose_from_and_is_no_fault(tmp_path: Path) -> None:
    def found(text: str) -> Finding:
        path = tmp_path / "synthetic.toml"
        path.write_text(text, encoding="utf-8")
        (finding,) = lacking(Card.load(path), ("label",), [])
        return finding

    assert not found(CARD).hint
    one = found(CARD.replace('"Tumor"', '"Cyst"').replace('"Normal"', '"Cyst"'))
    assert one.hint and "one class" in one.todo


# -- the card -------------------------------------------------------------------------------------


def test_a_class_that_the_card_lacks_is_found(findings: Check) -> None:
    found = only(findings(('t = "Tumor"\n', ""), ('["Tumor"]', '["Cyst"]')), "labels", "'t'")
    assert (found.file, found.where) == ("images/p200_1.png", "labels")


def test_swapped_codes_are_found_at_every_picture(findings: Check) -> None:
    found = findings(('c = "Cyst"\nt = "Tumor"', 't = "Cyst"\nc = "Tumor"'))
    wrong = [finding for finding in found if "expected 'Cyst'" in finding.what or "expected 'Tumor'" in finding.what]
    assert [finding.where for finding in wrong] == [f"example.expect[{place}].captions" for place in (0, 2, 4)]
    assert [finding.file for finding in wrong] == [f"outer/images/p{name}.png" for name in ("100_1", "200_1", "300_1")]


def test_a_card_that_cannot_be_read_is_told_with_file_and_field_before_any_check(findings: Check) -> None:
    with pytest.raises(CardError, match=r"synthetic\.toml: labels\['x'\]: expected str, found int 3"):
        findings(("[labels]", "[labels]\nx = 3"))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("https://example.org/synthetic", "somewhere", "source"),
        ("@misc{s, title = {Synthetic}}", "", "citation.bibtex"),
        ('c = "Cyst"', 'c = "normal."', "labels.c"),
        ('c = "Cyst"', 'c = "Cyst; Tumor"', "labels.c"),
        ('reason = "a preview of all pictures"', 'reason = ""', "ignored"),
        ('markers = ["labels.csv"]\n', "", "markers"),
        ('folder = "Synthetic"', 'folder = "a/b"', "folder"),
        ('group_by = "patient"', 'group_by = ""', "group_by"),
        ('group_by = "patient"', 'group_by = "patient"\nasks = ["box"]', "asks"),
        ("subset = 2", "subset = 99", "subset"),
        ("subset = 2", "subset = 38", "asks"),
        ("subset = 2", "subset = 7", "modality"),
        ('image = "outer/images/p200_1.png"', 'image = "outer/images/p2_1.png"', "example.expect[2]"),
        ('split = "test"', 'split = "dev"', "example.expect[2]"),
        ("unused = true", 'unused = true\ncaptions = ["Cyst"]', "example.expect[3]"),
        ('"overview.png",', '"overview.png", "overview.png",', "example"),
    ],
)
def test_a_fault_of_the_card_names_its_field(findings: Check, old: str, new: str, field: str) -> None:
    assert field in [finding.where for finding in findings((old, new))]


def test_a_class_that_no_picture_of_the_example_has_is_a_hint_and_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "synthetic.toml"
    path.write_text(CARD.replace('t = "Tumor"', 't = "Tumor"\ns = "Stone"'), encoding="utf-8")
    report = check_dataset(Dataset(Card.load(path), good), tmp_path / "work")
    assert report
    assert any("'Stone'" in hint.what for hint in report.hints)


# -- what the adapter yields ----------------------------------------------------------------------


def variant(change: Callable[[LabelSample], Any]) -> Adapter:
    """The good adapter with every sample passed through ``change`` (None: left out)."""

    def samples(tree: Tree, card: Card) -> Iterator[Any]:
        for item in good(tree, card):
            changed = change(item) if isinstance(item, LabelSample) else item
            if changed is not None:
                yield changed

    return samples


def test_a_shifted_column_is_found(findings: Check) -> None:
    def shifted(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        table = readers.rows(tree, "labels.csv")
        yield from readers.table_labels(tree, table, readers.Pictures(tree), image="name", code="part", group="patient")

    found = findings(adapter=shifted)
    assert only(found, "labels", "'train'").where == "labels"
    assert only(found, "expected", "expected 'Cyst'").where == "example.expect[0].captions"


def test_a_wrong_split_is_found(findings: Check) -> None:
    adapter = variant(lambda s: LabelSample(s.image, s.stated, group=s.group, split="train"))
    found = only(findings(adapter=adapter), "expected", "split 'train', expected 'test'")
    assert (found.file, found.where) == ("outer/images/p200_1.png", "example.expect[2].split")


def test_a_wrong_group_is_found(findings: Check) -> None:
    adapter = variant(lambda s: LabelSample(s.image, s.stated, group=str(s.image), split=s.split))
    found = only(findings(adapter=adapter), "expected", "expected '100'")
    assert found.where == "example.expect[0].group"


def test_a_sample_with_neither_group_nor_split_needs_a_word_on_the_card(findings: Check) -> None:
    adapter = variant(lambda s: LabelSample(s.image, s.stated))
    assert only(findings(adapter=adapter), "groups", "neither").where == "unprotected"


def test_an_unprotected_data_set_that_has_groups_is_found(findings: Check) -> None:
    assert only(findings(('group_by = "patient"', 'group_by = "patient"\nunprotected = true')), "groups", "'100'")


def test_a_picture_that_is_not_yielded_is_found_in_the_style_in_which_it_fails(findings: Check) -> None:
    def rooted(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        return good(Tree(tree.base / "outer"), card) if (tree.base / "outer").is_dir() else iter(())

    found = only(findings(adapter=rooted), "expected", "is not yielded")
    assert "without the outer folder" in str([f.what for f in findings(adapter=rooted)])
    assert found.where.startswith("example.expect[")


def test_a_picture_yielded_twice_is_found(findings: Check) -> None:
    def twice(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        yield from good(tree, card)
        yield from good(tree, card)

    assert only(findings(adapter=twice), "each picture once", "2 times").file == "images/p100_1.png"


def test_a_picture_that_must_not_be_used_is_found(findings: Check) -> None:
    swap = ('captions = ["Cyst"]\ngroup = "300"\nsplit = "test"', "unused = true")
    found = only(findings(swap), "expected", "is yielded")
    assert (found.file, found.where) == ("outer/images/p300_1.png", "example.expect[4].unused")


def test_a_path_that_leaves_the_root_is_found(findings: Check) -> None:
    def greedy(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        yield from good(tree, card)
        yield LabelSample("../overview.png", ("n",), group="x")

    assert only(findings(adapter=greedy), "samples", "leaves the data set's root").file == "../overview.png"


def test_an_order_that_changes_from_run_to_run_is_found(findings: Check) -> None:
    runs = iter(range(1000))

    def restless(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        items = list(good(tree, card))
        yield from items[::-1] if next(runs) % 2 else items

    assert only(findings(adapter=restless), "order", "another order")


def test_a_problem_on_the_pristine_tree_is_found(findings: Check) -> None:
    def worried(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        yield from good(tree, card)
        yield Problem("bad_row", "labels.csv", "I do not like it", 3)

    assert only(findings(adapter=worried), "no problem on the example", "I do not like it").file == "labels.csv"


def test_a_thing_that_is_no_sample_is_found(findings: Check) -> None:
    assert only(findings(adapter=lambda tree, card: [*good(tree, card), "p1_1"]), "samples", "'p1_1'")


def test_a_sample_that_does_not_pickle_is_found(findings: Check) -> None:
    adapter = variant(lambda s: LabelSample(s.image, s.stated, group=lambda: "p", split=s.split))  # type: ignore[arg-type]
    assert only(findings(adapter=adapter), "samples", "does not pickle")


def test_two_labels_in_a_data_set_of_one_are_found(findings: Check) -> None:
    adapter = variant(lambda s: LabelSample(s.image, ("n", "c"), group=s.group, split=s.split))
    assert only(findings(adapter=adapter), "samples", "2 labels").where == "kind = 'single-label'"


def test_a_crash_is_a_finding_that_names_the_line(findings: Check) -> None:
    def crashes(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        raise KeyError("code")
        yield

    assert "test_testing.py:" in only(findings(adapter=crashes), "crash", "KeyError").what


def test_a_file_that_is_neither_read_nor_ignored_is_found(findings: Check) -> None:
    found = findings(('pattern = "overview.png"', 'pattern = "preview.png"'))
    assert only(found, "no file unread", "neither read nor ignored").file == "overview.png"


def test_a_pattern_that_ignores_what_is_read_is_found(findings: Check) -> None:
    found = only(findings(('pattern = "overview.png"', 'pattern = "*.png"')), "no file unread", "though the card")
    assert found.where == "ignored '*.png'"


# -- pictures stay closed -------------------------------------------------------------------------


def opens_with(opener: Callable[[Path], Any]) -> Adapter:
    def samples(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        for item in good(tree, card):
            if isinstance(item, LabelSample):
                opener(tree.path(str(item.image)))
            yield item

    return samples


def with_pillow(path: Path) -> None:
    from PIL import Image

    Image.open(path)


def with_opencv(path: Path) -> None:
    import cv2

    cv2.imread(str(path))


def quietly(path: Path) -> None:
    try:
        path.read_bytes()
    except Exception:  # an adapter that hides it
        return


@pytest.mark.parametrize(
    "opener", [with_pillow, with_opencv, quietly, lambda path: os.close(os.open(path, os.O_RDONLY)), Path.open]
)
def test_an_adapter_that_opens_a_picture_is_found(findings: Check, opener: Callable[[Path], Any]) -> None:
    found = only(findings(adapter=opens_with(opener)), "opens no picture", "opened it")
    assert found.file == "outer/images/p100_1.png"


def test_a_dicom_file_is_closed_down_to_its_header(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    path = tmp_path / "a.DCM"
    path.write_bytes(b"")
    with pictures_closed() as tried, pytest.raises(PictureOpened):
        pydicom.dcmread(path, stop_before_pixels=True)
    assert tried == [str(path)]


def test_everything_opens_again_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    with pictures_closed(), pytest.raises(PictureOpened):
        path.write_bytes(b"")
    path.write_bytes(b"x")
    assert path.read_bytes() == b"x"


# -- trees with something wrong -------------------------------------------------------------------


def by_hand(
    *,
    encoding: str = "utf-8",
    skip_missing: bool = False,
    join: bool = False,
    guess: bool = False,
    strict: bool = False,
) -> Adapter:
    """An adapter that reads its table on its own, with one bad habit."""

    def samples(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        tree.opened.add("labels.csv")
        try:
            with open(tree.path("labels.csv"), encoding=encoding, newline="") as file:
                table = list(csv.DictReader(line for line in file if line.strip()))
        except FileNotFoundError:
            yield Problem("missing_file", "labels.csv")
            return
        for row in table:
            path = f"images/{row['name']}.png"
            if strict:
                assert row["code"] is not None
            if None in row.values():
                yield Problem("bad_row", "labels.csv")
                continue
            if not (tree.path(path).is_file() if join else tree.exists(path)):
                if not skip_missing:
                    yield Problem("missing_image", "labels.csv", path)
                continue
            code = row["code"] if row["code"] in card.labels or not guess else next(iter(card.labels))
            yield LabelSample(path, (code,), group=row["patient"], split="test" if row["part"] == "test" else "train")

    return samples


def test_a_missing_picture_that_is_passed_over_in_silence_is_found(findings: Check) -> None:
    found = only(findings(adapter=by_hand(skip_missing=True)), "hostile: missing image", "reports nothing")
    assert found.file == "outer/images/p100_1.png"
    assert "missing_image" in found.todo


def test_a_table_read_in_one_encoding_only_is_found(findings: Check) -> None:
    found = findings(adapter=by_hand())
    assert only(found, "hostile: UTF-8 with BOM and CRLF", "KeyError").file == "outer/labels.csv"
    assert only(found, "hostile: UTF-16", "UnicodeDecodeError")
    assert only(found, "hostile: Latin-1", "UnicodeDecodeError")


def test_a_crash_over_one_bad_row_is_found(findings: Check) -> None:
    assert only(findings(adapter=by_hand(strict=True)), "hostile: bad row", "AssertionError").file == "outer/labels.csv"


def test_a_bad_row_passed_over_in_silence_is_found(findings: Check) -> None:
    def lenient(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        yield from good(tree, card)
        tree.problems.clear()

    assert only(findings(adapter=lenient), "hostile: bad row", "reports nothing")


def test_a_bad_row_that_costs_its_neighbours_is_found(findings: Check) -> None:
    def all_or_nothing(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        items = list(good(tree, card))
        yield from items if not tree.problems else []

    assert only(findings(adapter=all_or_nothing), "hostile: bad row", "is not yielded any more")


def test_a_guessed_label_is_found(findings: Check) -> None:
    found = only(findings(adapter=by_hand(guess=True)), "hostile: unknown label", "is yielded as")
    assert found.where == "labels.c"


def test_an_unknown_class_passed_over_in_silence_is_found(findings: Check) -> None:
    def known_only(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        yield from (s for s in good(tree, card) if isinstance(s, LabelSample) and s.stated[0] in card.labels)

    assert only(findings(adapter=known_only), "hostile: unknown label", "reports nothing").where == "labels.c"


def test_a_path_joined_as_the_table_says_it_is_found(findings: Check) -> None:
    found = only(findings(adapter=by_hand(join=True)), "hostile: path that leaves the folder", "yields images/../..")
    assert found.file == "outer/labels.csv"


def test_a_label_file_that_may_vanish_in_silence_is_found(findings: Check) -> None:
    def quiet(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        if tree.exists("labels.csv"):
            yield from good(tree, card)

    assert only(findings(adapter=quiet), "hostile: missing label file", "lose their labels")


def test_junk_taken_for_pictures_is_found(findings: Check) -> None:
    def globs(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        labels = {s.image: s for s in good(tree, card) if isinstance(s, LabelSample)}
        for path in sorted((tree.root / "images").glob("*.png")):
            relative = path.relative_to(tree.root).as_posix()
            yield labels.get(relative, LabelSample(relative, ("n",), group="?"))

    assert (
        only(findings(adapter=globs), "hostile: junk files", "is yielded as a picture").file
        == "outer/images/._p100_1.png"
    )


def test_a_missing_mask_taken_for_a_negative_is_found(findings: Check) -> None:
    def forgiving(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        for image in tree.images("images"):
            mask = image.replace("images/", "masks/")
            yield MaskSample(image, (MaskFile(mask, "c"),) if tree.exists(mask) else (), group=image)

    found = findings(card=MASK_CARD, adapter=forgiving)
    assert only(found, "hostile: missing mask", "as a negative").where == "mask.missing"
    assert only(found, "hostile: missing mask", "reports nothing").file == "outer/masks/a.png"


def test_a_mask_yielded_as_a_picture_is_found(findings: Check) -> None:
    def greedy(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        yield from masks(tree, card)
        yield from (MaskSample(path, (), group=path) for path in tree.images("masks"))

    assert only(findings(card=MASK_CARD, adapter=greedy), "expected", "drawn as a mask").file == "outer/masks/a.png"


def test_a_box_one_pixel_off_is_found(findings: Check) -> None:
    found = findings(("[[10, 10, 30, 30]]", "[[10, 10, 31, 30]]"), card=MASK_CARD, adapter=masks)
    assert only(found, "expected", "[[10, 10, 30, 30]], expected [[10, 10, 31, 30]]").where == "example.expect[0].boxes"


def test_a_negative_where_a_region_is_expected_is_found(findings: Check) -> None:
    found = findings(("captions = []", 'captions = ["Cyst"]'), card=MASK_CARD, adapter=masks)
    assert only(found, "expected", "nothing, expected 'Cyst'").file == "outer/images/c.png"


def test_regions_in_a_subset_that_cannot_ask_about_them_are_found(findings: Check) -> None:
    found = findings(("subset = 43", "subset = 2"), ('"Ultrasound"', '"CT"'), card=MASK_CARD, adapter=masks)
    assert only(found, "card", "no instructions for 'box'").where == "asks"
    assert only(found, "records", "asked nothing").file == "outer/images/a.png"


def sibling(folder: Path, *swaps: tuple[str, str]) -> Dataset:
    """Another data set that lies in the same folder."""
    text = CARD.replace('slug = "synthetic"', 'slug = "sibling"')
    for old, new in swaps:
        text = text.replace(old, new)
    path = folder / "sibling.toml"
    path.write_text(text, encoding="utf-8")
    return Dataset(Card.load(path), good)


def test_two_cards_that_say_different_things_of_one_file_are_found(
    findings: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sibling(tmp_path, ("p200_1,200,t", "p200_1,200,c"))
    monkeypatch.setattr(example_check, "siblings", lambda dataset: [other])
    assert only(findings(), "shared folder", "example of sibling has other content").file == "outer/labels.csv"


def test_an_adapter_led_astray_by_the_files_of_a_sibling_is_found(
    findings: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sibling(tmp_path, ('"overview.png",', '"overview.png", "labels.csv/images/p100_1.png",'))
    monkeypatch.setattr(example_check, "siblings", lambda dataset: [other])
    assert only(findings(), "shared folder", "is not yielded").file.startswith("outer/images/")


def test_a_sibling_that_minds_its_own_files_is_no_fault(
    findings: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example_check, "siblings", lambda dataset: [sibling(tmp_path)])
    assert findings() == []


JSON_CARD = CARD.replace("labels.csv", "labels.json").replace(
    CARD[CARD.index("name,patient") : CARD.index('"""\n\n[[example.expect]]')],
    '{"p100_1": ["100", "c", "train"], "p100_2": ["100", "n", "train"],\n'
    ' "p200_1": ["200", "t", "test"], "p300_1": ["300", "c", "test"]}\n',
)


def from_json(load: Callable[[Tree], Any]) -> Adapter:
    def samples(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        pictures = readers.Pictures(tree, "images")
        for name, (patient, code, part) in (load(tree) or {}).items():
            path = pictures.wanted(name, "labels.json", by="stem")
            if path is not None:
                yield LabelSample(path, (code,), group=patient, split=part)

    return samples


def test_a_json_file_read_by_the_readers_is_in_order(findings: Check) -> None:
    assert findings(card=JSON_CARD, adapter=from_json(lambda tree: readers.json_file(tree, "labels.json"))) == []


def test_a_json_file_that_breaks_the_adapter_when_cut_or_empty_or_gone_is_found(findings: Check) -> None:
    def load(tree: Tree) -> Any:
        tree.opened.add("labels.json")
        return json.loads(tree.path("labels.json").read_text(encoding="utf-8"))

    found = findings(card=JSON_CARD, adapter=from_json(load))
    for name in ("cut", "empty", "missing"):
        assert only(found, f"hostile: {name} label file", "the adapter raised").file == "outer/labels.json"


def test_a_bad_row_of_a_spreadsheet_passed_over_in_silence_is_found(findings: Check) -> None:
    pytest.importorskip("openpyxl")
    start, end = CARD.index('text = """\nname'), CARD.index("[[example.expect]]")
    rows = [["name", "patient", "code", "part"], ["p100_1", 100, "c", "train"], ["p100_2", 100, "n", "train"],
            ["p200_1", 200, "t", "test"], ["p300_1", 300, "c", "test"]]  # fmt: skip
    card = (CARD[:start] + f"sheets = {{ first = {json.dumps(rows)} }}\n\n" + CARD[end:]).replace(".csv", ".xlsx")

    def samples(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        pictures = readers.Pictures(tree, "images")
        for row in readers.rows(tree, "labels.xlsx"):
            path = pictures.stem(row["name"]) if quiet else pictures.wanted(row["name"], row.file, by="stem")
            if path is not None:
                split: Any = row["part"]
                yield LabelSample(path, (row["code"],), group=row["patient"], split=split)

    quiet = False
    assert findings(card=card, adapter=samples) == []
    quiet = True
    assert only(findings(card=card, adapter=samples), "hostile: bad row", "reports nothing")


# -- records --------------------------------------------------------------------------------------


def rewritten(monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]) -> None:
    """Lets every build of the suite yield records with these values in those of p100_1."""
    real = record_check.build_example

    def build(*arguments: Any) -> Any:
        built = real(*arguments)
        mended = (evolve(r, **change) if r.image.endswith("p100_1.png") else r for r in built.records)
        return evolve(built, records=tuple(mended))

    monkeypatch.setattr(record_check, "build_example", build)


@pytest.mark.parametrize(
    ("change", "said", "where"),
    [
        ({"split": "test"}, "is in test, expected in train", "example.expect[0].split"),
        ({"group": ""}, "has the group ''", "example.expect[0].group"),
        ({"captions": ("Tumor",)}, "is asked about ['Tumor'], expected ['Cyst']", "example.expect[0].captions"),
        ({"image": "med-mat/Synthetic/gone.png"}, "there is no such picture", ""),
        ({"image": "med-mat/Synthetic/gone.png"}, "is asked nothing", "example.expect[0]"),
        ({"split": "test"}, "group_leak: ", ""),
        ({"id": 9}, "ids: ", ""),
        ({"question": "Something else?"}, "Med-MAT's format says otherwise", ""),
        ({"template": 6}, "keys: ", ""),
        ({"options": ("Cyst",), "answer_index": 0}, "options_count: ", ""),
        ({"answer_index": 7}, "answer_", ""),
        ({"options": ("Cyst", "cyst."), "answer_index": 0}, "options_alike: ", ""),
        ({"options": ("Cyst", "Tu\nmor"), "answer_index": 0}, "option_text: ", ""),
    ],
)
def test_records_that_say_otherwise_than_the_card_are_found(
    findings: Check, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], said: str, where: str
) -> None:
    rewritten(monkeypatch, change)
    assert only(findings(), "records", said).where == where


def test_a_build_that_passes_over_a_truncated_picture_is_found(
    findings: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medmat_core.pipeline.inspector.decode", lambda path: None)
    found = findings()
    assert only(found, "hostile: truncated image", "no problem says so").file == "outer/images/p100_1.png"
    assert only(found, "hostile: truncated image", "is asked about")


def test_a_build_that_passes_over_an_unknown_label_is_found(findings: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medmat_core.pipeline.inspector.Inspector.refuse", lambda *_: None)
    assert only(findings(), "hostile: unknown label", "does not refuse it").where == "labels.n"


def test_a_build_that_breaks_is_found(findings: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("medmat_core.pipeline.one.inspect_shard", broken)
    assert "out of order" in only(findings(), "build", "RuntimeError").what


# -- how the suite is run -------------------------------------------------------------------------

PLUGIN = """
from medmat_core import Dataset, hookimpl
import {helper}

@hookimpl
def medmat_datasets():
    return [Dataset.beside(__file__, {helper}.{adapter})]
"""


@pytest.fixture
def package(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Writes a plugin module ``synth_plugin.synthetic`` and gives the environment in which it is found."""

    def write(adapter: str = "good") -> dict[str, str]:
        folder = tmp_path / "synth_plugin"
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        (folder / "synthetic.toml").write_text(CARD, encoding="utf-8")
        (folder / "synthetic.py").write_text(PLUGIN.format(helper="test_testing", adapter=adapter))
        here = str(Path(__file__).parent)
        path = os.pathsep.join(filter(None, [str(tmp_path), here, os.environ.get("PYTHONPATH", "")]))
        return {**os.environ, "PYTHONPATH": path}

    return write


def run(arguments: list[str], env: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], env=env, cwd=cwd, capture_output=True, text=True)


def bad(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
    """What the runs below find at fault."""
    yield from (LabelSample(s.image, ("n",), group=s.group, split=s.split) for s in good(tree, card))  # type: ignore[union-attr]


def test_a_module_is_checked_from_the_command_line(package: Callable[[], dict[str, str]], tmp_path: Path) -> None:
    done = run(["medmat_core.testing", "synth_plugin.synthetic"], package(), tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "synthetic: ok")


def test_a_fault_makes_the_command_exit_with_1(package: Callable[[str], dict[str, str]], tmp_path: Path) -> None:
    done = run(["medmat_core.testing", "synth_plugin.synthetic"], package("bad"), tmp_path)
    assert done.returncode == 1
    assert "example.expect[0].captions" in done.stdout


@pytest.mark.parametrize("name", ["no-such-slug", "no.such_module", "medmat_core.model"])
def test_a_name_that_is_no_data_set_exits_with_2_and_one_line(name: str, tmp_path: Path) -> None:
    done = run(["medmat_core.testing", name], dict(os.environ), tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_pytest_runs_the_suite_when_asked_and_only_then(
    package: Callable[[str], dict[str, str]], tmp_path: Path
) -> None:
    env = package("bad")
    rundir = tmp_path / "elsewhere"
    rundir.mkdir()
    assert run(["pytest", "-q"], env, rundir).returncode == 5  # nothing collected
    done = run(["pytest", "-q", "--medmat", "--medmat-dataset", "synth_plugin.synthetic"], env, rundir)
    assert done.returncode == 1
    assert "test_the_example_tree_yields_what_the_card_expects[synthetic]" in done.stdout
    assert "FAIL expected: outer/images/p100_1.png (example.expect[0].captions)" in done.stdout


def test_one_line_in_a_test_module_runs_the_suite_over_its_data_sets(
    package: Callable[[str], dict[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "test_mine.py").write_text(
        "from medmat_core.testing.conformance import *\nMEDMAT_DATASETS = ['synth_plugin.synthetic']\n"
    )
    done = run(["pytest", "-q", "test_mine.py"], package("good"), tmp_path)
    assert f"{len(CHECKS) + 1} passed" in done.stdout


def test_a_report_is_true_without_faults_and_says_each_once() -> None:
    report = Report("x")
    report.extend([Finding("a", "f", "odd", "look", hint=True)])
    assert report
    report.extend([Finding("a", "f", "wrong", "mend", "labels"), Finding("a", "f", "wrong", "mend", "labels")])
    assert not report
    assert str(report) == "x: 1 fault\n  hint a: f: odd; look\n  FAIL a: f (labels): wrong; mend"
