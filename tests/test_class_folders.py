"""Class folders and one-column-a-class tables: what the readers make of trees and rows that are not as expected."""

from pathlib import Path

import pytest

from medmat_core import LabelSample, readers
from medmat_core.card import Card
from medmat_core.tree import Tree

CARD = Path(__file__).parent.parent / "plugins" / "ct" / "medmat_ct" / "sars_cov_2_ct.toml"


@pytest.fixture
def card() -> Card:
    return Card.load(CARD)


def laid(base: Path, *paths: str) -> Tree:
    for path in paths:
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).touch()
    return Tree(base)


def stated(samples: object) -> dict[str, tuple[str, ...]]:
    return {str(sample.image): sample.stated for sample in samples if isinstance(sample, LabelSample)}  # type: ignore[attr-defined]


def test_loose_pictures_beside_class_folders_are_told_once_a_folder(tmp_path: Path, card: Card) -> None:
    tree = laid(tmp_path, "x/COVID/1.png", "x/non-COVID/2.png", "x/3.PNG", "x/4.png", "x/notes.txt", "5.png")
    found = readers.class_folders(tree, card)
    assert stated(found) == {"x/COVID/1.png": ("COVID",), "x/non-COVID/2.png": ("non-COVID",)}
    assert [(p.reason, p.file) for p in tree.problems] == [("unknown_label", "x/3.PNG")]
    assert tree.problems[0].detail.startswith("2 pictures")


def test_loose_pictures_that_a_rule_skips_are_not_told(tmp_path: Path, card: Card) -> None:
    tree = laid(tmp_path, "COVID/1.png", "contact sheet.png")
    found = readers.class_folders(tree, card, skip=lambda path: path.startswith("contact"))
    assert stated(found) == {"COVID/1.png": ("COVID",)}
    assert tree.problems == []


def one_hot(tree: Tree, card: Card, text: str) -> list[LabelSample]:
    (tree.base / "t.csv").write_text(text)
    table = readers.rows(tree, "t.csv")
    pictures = readers.Pictures(tree)
    return list(readers.one_hot(tree, card, table, pictures, image="id", columns=("a", "b", "c"), normal="fine"))


def test_a_picture_with_a_finding_is_marked_as_not_normal(tmp_path: Path, card: Card) -> None:
    (sample,) = one_hot(laid(tmp_path, "1.png"), card, "id,a,b,c\n1,1,0,0\n")
    assert (sample.stated, sample.absent) == (("a",), ("b", "c", "fine"))


def test_a_picture_without_any_finding_is_normal(tmp_path: Path, card: Card) -> None:
    (sample,) = one_hot(laid(tmp_path, "1.png"), card, "id,a,b,c\n1,0,0,0\n")
    assert (sample.stated, sample.absent) == (("fine",), ("a", "b", "c"))


def test_a_picture_with_an_uncertain_or_an_unmarked_finding_is_neither(tmp_path: Path, card: Card) -> None:
    first, second = one_hot(laid(tmp_path, "1.png", "2.png"), card, "id,a,b,c\n1,-1,0,0\n2,,0,0\n")
    assert (first.stated, first.uncertain, first.absent) == ((), ("a",), ("b", "c"))
    assert (second.stated, second.absent) == ((), ("b", "c"))
