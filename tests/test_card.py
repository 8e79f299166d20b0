"""Cards: facts of a data set with types, read whole or refused with file, field and reason."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path

import pytest
from attrs import asdict, evolve

from medmat_core._structure import _built, _explained
from medmat_core.card import Card
from medmat_core.errors import CardError
from tests.toy import CARD, toy_card


def written(where: Path, *, head: str = "", labels: str = 'cat = "Cat"\ndog = "Dog"', tables: str = "") -> Path:
    path = where / "toy.toml"
    path.write_text(
        CARD.format(slug="toy", folder="toy", kind="single-label", head=head, labels=labels, tables=tables), "utf-8"
    )
    return path


def test_head_and_tables_are_the_cards_own_attributes(tmp_path: Path) -> None:
    card = Card.load(written(tmp_path, head="no = 7", tables="[mask]\nmin_area = 5"))
    assert (card.slug, card.no, card.namespace, card.mask.min_area) == ("toy", 7, "toy", 5)
    assert card.captions == ("Cat", "Dog") and card.order == {"Cat": 0, "Dog": 1}


def test_a_name_that_no_card_has_is_an_attribute_error(tmp_path: Path) -> None:
    with pytest.raises(AttributeError, match="marker"):
        toy_card(tmp_path).marker  # type: ignore[attr-defined]  # noqa: B018


def test_a_card_travels_to_a_worker_without_its_file(tmp_path: Path) -> None:
    card = Card.load(written(tmp_path, tables='[[ignored]]\npattern = "*.txt"\nreason = "notes"'))
    assert card.ignores("a.txt")
    card.path.unlink()
    other: Card = pickle.loads(pickle.dumps(card))
    assert (other.slug, other.labels, other.ignored) == (card.slug, card.labels, card.ignored)
    assert other.ignores("deep/a.txt") and not other.ignores("a.png")


def test_a_changed_copy_of_a_card_is_another_card(tmp_path: Path) -> None:
    card = toy_card(tmp_path)
    assert evolve(card, labels={"cat": "Cat"}) != card


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"head": 'color = "red"'}, "there is no field color"),
        ({"head": 'path = "elsewhere.toml"'}, "there is no field path"),
        ({"head": 'no = "7"'}, "no: "),
        ({"head": "unprotected = 1"}, "unprotected: expected bool, found int 1"),
        ({"head": 'normal = "Emu"'}, r"normal: 'Emu' is not a caption of \[labels\]"),
        ({"labels": "cat = 3"}, r"labels\['cat'\]: expected str, found int 3"),
        ({"tables": '[mask]\ncolors = {"#ff0000" = "emu"}'}, r"mask.colors: 'emu' is not a code of \[labels\]"),
        ({"tables": '[classes]\nnested = [["Cat", "Emu"]]'}, "classes.nested: 'Emu' is not a caption"),
        ({"tables": "[mask"}, "not valid TOML"),
    ],
)
def test_a_broken_card_is_told_with_file_field_and_reason(tmp_path: Path, changed: dict[str, str], told: str) -> None:
    with pytest.raises(CardError, match=rf"toy\.toml: .*{told}"):
        Card.load(written(tmp_path, **changed))


def test_a_card_that_is_no_text_is_told_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "toy.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CardError, match=r"toy\.toml: cannot be read"):
        Card.load(path)


def test_a_card_that_is_not_there_is_told_by_its_file(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"none\.toml: cannot be read"):
        Card.load(tmp_path / "none.toml")


def test_a_card_is_built_as_cattrs_builds_it(tmp_path: Path) -> None:
    tables = """
[counts]
images = 9
classes = { Cat = 4 }

[classes]
nested = [["Cat", "Dog"]]

[mask]
threshold = 127
window = [40, 400]
colors = { "#ff0000" = "cat" }

[[example.pictures]]
paths = ["a.png"]
size = [8, 6]
shapes = [{ box = [1, 2, 3, 4], value = 255 }]

[[example.files]]
path = "a.xlsx"
sheets = { one = [["a", 1], ["b", 2.5]] }

[[example.expect]]
image = "a.png"
boxes = { Cat = [[1, 2, 3, 4]] }
"""
    path = written(tmp_path, head="no = 7", tables=tables)
    raw = {**tomllib.loads(path.read_text("utf-8")), "path": path}
    built = _built(raw, Card)
    assert asdict(built) == asdict(_explained(raw, Card, path, ""))
    assert type(built.mask.threshold) is float and built.mask.window == (40.0, 400.0)
    assert built.example.pictures[0].size == (8, 6) and built.example.files[0].sheets["one"][1] == ("b", 2.5)


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ("[counts]\nimages = 1.5", "counts.images: expected int, found float 1.5"),
        ("[mask]\nwindow = [1]", "mask.window"),
        ("[mask]\nwindow = [1, 2, 3]", "mask.window"),
        ("[mask]\nmissing = 'perhaps'", "mask.missing"),
        ("counts = 3", "counts"),
        ("[[example.pictures]]\npaths = ['a', 3]", r"example.pictures\[0\].paths\[1\]: expected str, found int 3"),
        ("[[example.expect]]\ngroup = 3\nimage = 'a'", r"example.expect\[0\].group"),
    ],
)
def test_a_wrong_value_deep_in_a_card_is_told_by_its_place(tmp_path: Path, tables: str, told: str) -> None:
    where = {"head": tables} if tables.startswith("counts =") else {"tables": tables}
    with pytest.raises(CardError, match=told):
        Card.load(written(tmp_path, **where))
