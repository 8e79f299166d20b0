"""A [layout] that is wrong is told as any card's fault is: the file, the field, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from medmat_core import Card, Dataset, LabelSample, Problem
from medmat_core.errors import CardError
from medmat_core.layouts import layout_of
from medmat_core.model import Sample, Split
from medmat_core.samples import example_files
from medmat_core.testing.example_check import check_example
from medmat_core.testing.reading import Files
from medmat_core.tree import Tree
from tests.layouts.laid import dataset_of
from tests.layouts.test_examples import example_of
from tests.toy import toy_card

FOLDERS = 'kind = "class-folders"\n'
TABLE = 'kind = "table"\ntable = "a.csv"\nimage = "id"\nlabel = "dx"\n'


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        ('kind = "class-folder"', "layout.kind: there is no layout 'class-folder'; did you mean 'class-folders'?"),
        ("skip = []", "layout.kind: it is missing and has to be given; there are class-folders, "),
        (FOLDERS + "skipp = []", "layout.skipp: there is no field skipp: did you mean skip?"),
        (FOLDERS + "once = 1", "layout.once: expected bool, found int 1"),
        (FOLDERS + "skip = 'x'", "layout.skip: expected a list, found str 'x'"),
        (FOLDERS + "group = {pattern = '(a'}", "layout.group.pattern: '(a' is no regular expression"),
        (FOLDERS + "group = {pattern = 'a'}", "layout.group.pattern: 'a' catches nothing; put parentheses"),
        (FOLDERS + "group = {block = 3}", "layout.group: say by which pattern or column pictures belong together"),
        (FOLDERS + "group = {patern = '(a)'}", "layout.group.patern: there is no field patern: did you mean pattern?"),
        (FOLDERS + "group = {column = 'a'}", "layout: group and split name a column, and a layout of this kind reads"),
        (FOLDERS + "split = {}", "layout.split: say where parts are told"),
        (
            FOLDERS + "split = {folder = true, names = {A = 'train', a = 'test'}}",
            "layout.split: names: 'a' stands for two",
        ),
        (FOLDERS + "split = {lists = {training = 'a.txt'}}", "layout.split: lists: 'training' is no part"),
        (
            FOLDERS + "split = {all = 'train', names = {a = 'test'}}",
            "layout.split: names are words for parts in folders",
        ),
        (TABLE + "group = {pattern = '(a)', per_class = true}", "layout: group.per_class is for class folders"),
        ('kind = "voc"\nonce = true', "layout: a layout of this kind cannot tell second copies"),
        (FOLDERS + "spellings = {Katze = 'kat'}", "layout.spellings['Katze']: 'kat' is not a code of [labels]"),
        ('kind = "file-names"\ncode = ""', "layout: code is a regular expression that catches the class"),
        ('kind = "table"\ntable = "a.csv"\nimage = "id"', "layout.label: it is missing and has to be given"),
        (TABLE + 'by = "stm"', "layout.by: 'stm' is none of 'stem', 'name', 'tail'; did you mean 'stem'?"),
        (TABLE + "pictures = '../other'", "layout: '../other' leads out of the data set's folder"),
        (TABLE + "pictures = ['ok', '/etc']", "layout: '/etc' leads out"),
        (TABLE + "split = {lists = {train = 'C:/x.txt'}}", "layout: 'C:/x.txt' leads out"),
        (TABLE + "group = {column = 'a', key = 'b', table = 'x/../../b.csv'}", "layout: 'x/../../b.csv' leads out"),
        ('kind = "coco"\nfile = "{part}.json"\nparts = {"../a" = "train"}', "layout: '../a' leads out"),
        (TABLE + "parts = {a = 'train'}", "layout: parts are told by the table's name: write {part} in it"),
        (TABLE + "optional = ['a']", "layout: optional names 'a', which is none of parts"),
        (TABLE + "separator = ','\nfind = '(a)'", "layout: separator and find are two ways to say the same"),
        (TABLE + "group = {column = 'a', table = 'b.csv'}", "layout.group: a table is looked up by its key column"),
        ('kind = "one-hot"\ntable = "a.csv"\nimage = "id"\nnormal = "eel"', "layout.normal: 'eel' is not a code"),
        ('kind = "masks"\nmasks = "m"', "layout: a binary mask needs a label or {code}"),
        ('kind = "masks"\nlabel = "cat"', "layout: say by which suffix, or in which folder, masks are told"),
        ('kind = "masks"\nmasks = "m"\nlabel = "eel"', "layout.label: 'eel' is not a code of [labels]"),
        ('kind = "yolo"\nnames = ["eel"]', "layout.names[0]: 'eel' is not a code of [labels]"),
        ('kind = "coco"\nfile = 3', "layout.file: expected str, found int 3"),
    ],
)
def test_a_wrong_layout_is_told_with_file_and_field(layout: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(CardError) as error:
        dataset_of(tmp_path, layout)
    assert str(error.value).startswith(f"{tmp_path / 'toy.toml'}: {said}"), str(error.value)
    assert "\n" not in str(error.value)


def test_a_card_without_a_layout_reads_nothing(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"layout: it is missing and has to be given, for no module of this name"):
        Dataset.of_card(toy_card(tmp_path).path)


@pytest.mark.parametrize(("part", "told"), [("test", ["layout and adapter"]), ("train", [])])
def test_the_suite_finds_a_layout_that_disagrees_with_the_adapter(part: Split, told: list[str], tmp_path: Path) -> None:
    dataset = example_of("class-folders", tmp_path / "card")
    files = Files(dict(example_files(dataset.card)))

    def adapter(tree: Tree, card: Card) -> Iterator[Sample | Problem]:
        """The layout, but for the part of one picture, of which the card expects nothing."""
        for sample in layout_of(card).samples(tree, card):
            assert isinstance(sample, LabelSample)
            yield evolve(sample, split=part) if str(sample.image).endswith("7_1.png") else sample

    found = check_example(evolve(dataset, samples=adapter), dataset.card, files, tmp_path)
    assert [finding.check for finding in found if not finding.hint] == told
