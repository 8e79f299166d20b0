"""What cards say beside labels: other names of the folder, Med-MAT's wording, faults that are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from medmat_core import build
from medmat_core.check import check_dataset
from medmat_core.errors import CardError
from medmat_core.folders import find_folder
from medmat_core.pipeline.options import BuildOptions
from medmat_core.tree import Names
from tests.toy import picture, toy_card, toy_catalog, toy_dataset

ALIASES = 'aliases = ["Toy_old", "TOYS"]'


@pytest.mark.parametrize(
    ("there", "found"),
    [
        (["Toy_old", "toy"], "toy"),  # its own name first
        (["Toy_old", "TOY"], "TOY"),  # whatever the letters' case
        (["toys", "Toy_old"], "Toy_old"),  # then the aliases in the card's order
        (["toys", "TOYS"], "TOYS"),
        (["toys"], "toys"),
        (["toy_new", "toy.zip"], None),
    ],
)
def test_a_folder_is_found_by_its_name_then_by_the_cards_aliases(
    tmp_path: Path, there: list[str], found: str | None
) -> None:
    assert Names(there).of("toy", ("Toy_old", "TOYS")) == found
    for name in there:
        (tmp_path / "data" / name).mkdir(parents=True)
    dataset = toy_dataset(tmp_path, head=ALIASES)
    assert find_folder(dataset.card.head, tmp_path / "data") == (tmp_path / "data" / found if found else None)


def test_a_file_of_that_name_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "data/TOYS").mkdir(parents=True)
    (tmp_path / "data/Toy_old").touch()
    assert find_folder(toy_dataset(tmp_path, head=ALIASES).card.head, tmp_path / "data") == tmp_path / "data/TOYS"


def test_a_folder_found_by_an_alias_keeps_its_name_in_the_records_and_check_says_so(tmp_path: Path) -> None:
    for place, name in enumerate(("cat", "dog", "cow", "eel")):
        for number in range(3):
            picture(tmp_path / f"med-mat/toys/pics/{name}/{number}.png", 100 * place + number)
    dataset = toy_dataset(tmp_path, head=ALIASES)
    options = BuildOptions(data=tmp_path / "med-mat", verify="none", jobs=1)
    told = check_dataset(dataset, options).findings
    assert any(finding.about == "note" and "'toys'" in finding.what for finding in told)
    build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=toy_catalog(dataset), formats=("jsonl",), jobs=1)
    (written,) = (tmp_path / "out").rglob("*toy*-train.jsonl")
    lines = written.read_text("utf-8").splitlines()
    assert lines and all('"med-mat/toys/pics/' in line for line in lines)


def test_a_published_wording_for_a_code_that_the_card_lacks_is_a_broken_card(tmp_path: Path) -> None:
    card = toy_card(tmp_path, tables='[published]\ncaptions = {cat = "Cats"}')
    assert card.published.captions == {"cat": "Cats"}
    with pytest.raises(CardError, match="'horse' is not a code"):
        _ = toy_card(tmp_path / "b", tables='[published]\ncaptions = {horse = "Horse"}').tables


KNOWN = """
[[known]]
reason = "contradictory_label"
count = 2
files = ["pics/cat/1.png", "*/dog/*"]
note = "one picture, two classes"
"""


def test_a_known_fault_covers_its_own_reason_and_files_only(tmp_path: Path) -> None:
    (known,) = toy_card(tmp_path, tables=KNOWN).tables.known
    assert known.covers("contradictory_label", "pics/cat/1.png")
    assert known.covers("contradictory_label", "pics/dog/7.png")
    assert not known.covers("contradictory_label", "pics/cat/2.png")
    assert not known.covers("truncated_image", "pics/cat/1.png")


def test_a_known_fault_has_a_reason_of_the_fixed_list(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="'odd' is no reason"):
        _ = toy_card(tmp_path, tables=KNOWN.replace("contradictory_label", "odd")).tables
