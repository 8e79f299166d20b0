"""The 53 subsets: their instructions, how captions read in them, and the frozen pool."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medmat_core.card import Card
from medmat_core.concepts import fold
from medmat_core.errors import CatalogError
from medmat_core.subsets import (
    PLACEHOLDERS,
    PoolLabel,
    Subset,
    convention_clause,
    count_clause,
    in_sentence,
    load_subset,
    pool_version,
    subset_index,
)

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def freeze_pool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("freeze_pool", ROOT / "tools" / "freeze_pool.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NUMBERS = range(1, 54)
LABEL = range(1, 38)
TEMPLATES = [(no, ask) for no in NUMBERS for ask in load_subset(no).instructions]


def cards() -> list[Card]:
    paths = ROOT.glob("plugins/*/medmat_*/*.toml")
    return [Card.load(path) for path in sorted(paths)]


CARDS = [pytest.param(card, id=card.head.slug) for card in cards()]


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def holds(text: str, caption: str) -> bool:
    """Whether the words of a caption stand in a text in their order, one after the other."""
    return f" {' '.join(words(caption))} " in f" {' '.join(words(text))} "


def filled(subset: Subset, ask: str, card: Card, caption: str) -> list[str]:
    fields = {
        "modality": card.head.modality_shown,
        "area": card.head.area_shown,
        "caption": in_sentence(caption),
        "box": "[0.100, 0.200, 0.300, 0.400]",
        "convention": convention_clause("unit"),
    }
    return [
        subset.question(ask, template, count=count_clause(regions), **fields)
        for template in range(6)
        for regions in (1, 3, 9)
    ]


def test_there_are_53_subsets_and_the_index_lists_them_in_order():
    assert list(subset_index()) == list(NUMBERS)
    assert all(entry.modality and entry.area and entry.task for entry in subset_index().values())


def test_listing_the_subsets_reads_neither_instructions_nor_pool():
    code = (
        "import builtins, io, pathlib; opened = []; real = pathlib.Path.read_text\n"
        "pathlib.Path.read_text = lambda self, *a, **k: (opened.append(self.name), real(self, *a, **k))[1]\n"
        "from medmat_core.subsets import subset_index; len(subset_index()); print(opened)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout.strip() == "['index.toml']"


def test_an_unknown_subset_is_an_error_that_says_which_there_are():
    with pytest.raises(CatalogError, match="no subset 54; the subsets are 1 to 53"):
        load_subset(54)


@pytest.mark.parametrize("no", NUMBERS)
def test_label_subsets_ask_labels_and_mask_subsets_ask_about_regions(no: int):
    asks = set(load_subset(no).instructions)
    assert asks == {"label"} if no in LABEL else asks and "label" not in asks


def test_a_vessel_tree_is_asked_for_its_coverage_and_never_for_a_box():
    assert set(load_subset(51).instructions) == {"coverage"}


@pytest.mark.parametrize(("no", "ask"), TEMPLATES)
def test_the_six_instructions_differ_in_more_than_a_word(no: int, ask: str):
    texts = load_subset(no).instructions[ask]
    assert len(texts) == 6
    openings = {" ".join(words(text)[:5]) for text in texts}
    assert len(openings) == 6
    for place, one in enumerate(texts):
        for other in texts[:place]:
            a, b = set(words(one)) - PLACEHOLDERS[ask], set(words(other)) - PLACEHOLDERS[ask]
            assert len(a & b) / len(a | b) < 0.7, (one, other)


def test_no_two_subsets_share_a_label_instruction():
    texts = [text for no in LABEL for text in load_subset(no).instructions["label"]]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(("no", "ask"), TEMPLATES)
def test_no_instruction_puts_an_article_before_a_filled_word(no: int, ask: str):
    for text in load_subset(no).instructions[ask]:
        assert not re.search(r"\b(a|an) \{", text, re.IGNORECASE), text


@pytest.mark.parametrize("no", [no for no in NUMBERS if "box" in load_subset(no).instructions])
def test_box_instructions_read_well_for_one_box_and_for_several(no: int):
    for text in load_subset(no).instructions["box"]:
        # "what is the bounding boxes" and "the boxes ... write it" would not
        assert not re.search(r"\b(is|are|was|were) \{count\}|\{count\} (is|are|was|were)\b|\{count\}.*\bit\b", text), (
            text
        )


def plural(caption: str) -> bool:
    return caption.endswith("s") and not caption.endswith(("ss", "is", "us"))


@pytest.mark.parametrize("no", [no for no in range(38, 54) if any(plural(c.caption) for c in load_subset(no).pool)])
def test_where_a_class_is_named_in_the_plural_no_verb_beside_it_is_in_the_singular(no: int):
    before = r"\b(does|is|was) (the |any )?\{caption\}"
    after = r"\{caption\} (is|was|has|lies|appears|extends|reaches|occurs|belongs|sits|shows)\b"
    for ask, texts in load_subset(no).instructions.items():
        for text in texts:
            assert not re.search(f"{before}|{after}", text), (ask, text)


@pytest.mark.parametrize(("no", "ask"), TEMPLATES)
def test_no_instruction_names_a_caption_of_its_subset(no: int, ask: str):
    for text in load_subset(no).instructions[ask]:
        for label in load_subset(no).pool:
            assert not holds(text, label.caption), (text, label.caption)


@pytest.mark.parametrize("no", [no for no in NUMBERS if "location" in load_subset(no).instructions])
def test_location_instructions_say_that_the_place_is_in_the_picture(no: int):
    for text in load_subset(no).instructions["location"]:
        assert "in the picture" in text, text


@pytest.mark.parametrize("card", CARDS)
def test_instructions_filled_for_a_card_read_as_one_clean_line(card: Card):
    subset = load_subset(card.head.subset)
    for ask in subset.instructions:
        for caption in card.captions:
            for text in filled(subset, ask, card, caption):
                assert "{" not in text and "}" not in text
                assert "  " not in text and text == text.strip() and "\n" not in text
                assert card.head.modality_shown in text and card.head.area_shown in text
                assert text[-1] in ".?"


@pytest.mark.parametrize("card", CARDS)
def test_a_card_asks_only_what_its_subset_has_instructions_for(card: Card):
    asks = card.head.asks or ("label",)
    assert set(asks) <= set(load_subset(card.head.subset).instructions)


@pytest.mark.parametrize("card", CARDS)
def test_a_card_names_the_picture_so_that_its_instructions_give_no_label_away(card: Card):
    for caption in card.captions:
        assert not holds(f"{card.head.area_shown} {card.head.modality_shown}", caption)


def test_subset_2_holds_the_published_instruction():
    asked = [load_subset(2).question("label", i, modality="CT scan", area="kidney") for i in range(6)]
    assert "Review this kidney CT scan and determine the possible condition it represents." in asked


SIX = [f"Instruction {n} for this {{area}} {{modality}}?" for n in "abcdef"]


@pytest.mark.parametrize(
    ("instructions", "fault"),
    [
        ({}, "no instructions"),
        ({"label": SIX[:5]}, "six different instructions"),
        (
            {"label": [*SIX[:5], SIX[0].upper().replace("AREA", "area").replace("MODALITY", "modality")]},
            "six different",
        ),
        ({"diagnosis": SIX}, "unknown ask 'diagnosis'"),
        ({"label": [*SIX[:5], "What is it in this {modality}?"]}, "must hold {area}, {modality}"),
        ({"label": [*SIX[:5], "What {caption} is it in this {area} {modality}?"]}, "must hold {area}, {modality}"),
        ({"label": [*SIX[:5], "What is it in this {area} {modality!r}?"]}, "only plain names"),
        ({"coverage": SIX}, "must hold {area}, {caption}, {modality}"),
    ],
)
def test_a_subset_with_faulty_instructions_is_refused(instructions: dict[str, list[str]], fault: str):
    with pytest.raises(ValueError, match=re.escape(fault)):
        Subset(1000, "X", "Y", "Z", instructions)


def test_a_plugin_may_bring_a_subset_without_a_pool():
    subset = Subset(1000, "X", "Y", "Z", {"label": SIX})
    assert subset.pool == ()
    assert (
        subset.question("label", 5, area="ear", modality="otoscopy image")
        == "Instruction f for this ear otoscopy image?"
    )


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("Optic disc", "optic disc"),
        ("COVID-19", "COVID-19"),
        ("SARS", "SARS"),
        ("T1 lesion", "T1 lesion"),
        ("Gleason pattern 3", "Gleason pattern 3"),
        ("Barrett's esophagus", "Barrett's esophagus"),
        ("Non-dysplastic Barrett's esophagus", "non-dysplastic Barrett's esophagus"),
        ("Vogt-Koyanagi-Harada disease", "Vogt-Koyanagi-Harada disease"),
        ("No COVID-19", "no COVID-19"),
        ("X", "X"),
        ("", ""),
        ("(left) lung", "(left) lung"),
    ],
)
def test_a_caption_in_mid_sentence_keeps_names_and_acronyms(caption: str, expected: str):
    assert in_sentence(caption) == expected


@given(st.text(max_size=40))
def test_mid_sentence_form_changes_nothing_but_case(caption: str):
    assert in_sentence(caption).casefold() == caption.casefold()


def test_the_count_clause_says_what_the_options_hold():
    assert [count_clause(n) for n in (1, 2, 4, 5)] == [
        "the bounding box",
        "the bounding boxes of all regions",
        "the bounding boxes of all regions",
        "the one box that encloses all regions",
    ]
    with pytest.raises(ValueError, match="needs a region"):
        count_clause(0)


def test_each_box_convention_is_explained_in_its_own_words():
    clauses = [convention_clause(name) for name in ("unit", "thousand", "pixel")]
    assert len(set(clauses)) == 3 and all("[x1, y1, x2, y2]" in clause for clause in clauses)


@pytest.mark.parametrize("no", NUMBERS)
def test_the_captions_of_a_pool_differ_when_folded_and_can_be_joined(no: int):
    captions = [label.caption for label in load_subset(no).pool]
    assert captions
    assert len({fold(caption) for caption in captions}) == len(captions)
    assert all(";" not in caption and caption == " ".join(caption.split()) for caption in captions)


def test_the_pool_covers_all_109_rows_each_in_one_subset():
    rows: dict[int, set[int]] = {}
    for no in NUMBERS:
        for label in load_subset(no).pool:
            for row in label.rows:
                rows.setdefault(row, set()).add(no)
    assert sorted(rows) == list(range(1, 110))
    assert all(len(subsets) == 1 for subsets in rows.values())
    assert {min(rows[row]) <= 37 for row in range(1, 88)} == {True}
    assert {min(rows[row]) >= 38 for row in range(88, 110)} == {True}


def test_every_subset_that_holds_several_classes_can_fill_a_question():
    for no in LABEL:
        usable = [label for label in load_subset(no).pool if not label.never]
        assert len(usable) >= 2, no


@pytest.mark.parametrize("card", [card for card in CARDS if card.values[0].head.no is not None])
def test_the_frozen_pool_agrees_with_the_card(card: Card):
    pool = load_subset(card.head.subset).pool
    assert {label.caption for label in pool if card.head.no in label.rows} == set(card.captions)
    flagged = {*card.classes.catch_all, *card.classes.anatomy}
    assert {label.caption for label in pool if label.never} >= flagged


@pytest.mark.skipif(len(CARDS) < 109, reason="the pool comes from all 109 cards; some are not in this checkout")
def test_the_frozen_pool_is_what_all_cards_together_say(freeze_pool: ModuleType):
    assert {no: tuple(labels) for no, labels in freeze_pool.gather(cards()).items()} == {
        no: load_subset(no).pool for no in NUMBERS
    }


def write_card(folder: Path, slug: str, kind: str, labels: dict[str, str], **more: object) -> Card:
    head = {
        "slug": slug,
        "title": slug,
        "folder": slug,
        "modality": "CT",
        "area": "Lung",
        "task": "Task",
        "subset": 3,
        "kind": kind,
        "modality_shown": "CT scan",
        "area_shown": "lung",
        "source": "https://example.org",
        "access": "open",
        "license": "CC0",
        **{key: value for key, value in more.items() if key in ("no", "normal")},
    }
    classes = {key: value for key, value in more.items() if key not in head}
    lines = [f"{key} = {json.dumps(value)}" for key, value in head.items()]
    lines += ["[labels]", *(f"{json.dumps(code)} = {json.dumps(caption)}" for code, caption in labels.items())]
    lines += ["[classes]", *(f"{key} = {json.dumps(value)}" for key, value in classes.items())]
    path = folder / f"{slug}.toml"
    path.write_text("\n".join(lines) + "\n")
    return Card.load(path)


def test_a_pool_is_gathered_by_lowest_row_and_card_order_with_flags(tmp_path: Path, freeze_pool: ModuleType):
    later = write_card(
        tmp_path, "later", "single-label", {"a": "Mass", "b": "Cyst", "c": "Other"}, no=6, catch_all=["Other"]
    )
    first = write_card(
        tmp_path, "first", "single-label", {"1": "Cyst", "2": "Lung", "3": "Cyst"}, no=4, anatomy=["Lung"]
    )
    masks = write_card(tmp_path, "masks", "mask", {"m": "Nodule", "n": "Clear"}, no=9, normal="Clear")
    stranger = write_card(tmp_path, "stranger", "single-label", {"x": "Ghost"})
    assert freeze_pool.gather([later, stranger, masks, first]) == {
        3: [
            PoolLabel("Cyst", (4, 6)),
            PoolLabel("Lung", (4,), "anatomy"),
            PoolLabel("Mass", (6,)),
            PoolLabel("Other", (6,), "catch_all"),
            PoolLabel("Nodule", (9,)),
            PoolLabel("Clear", (9,), "negative"),
        ]
    }


def test_a_pool_written_as_json_reads_back(tmp_path: Path, freeze_pool: ModuleType):
    card = write_card(
        tmp_path, "one", "single-label", {"1": 'A "quoted" cyst', "2": "Oth\u00e9r"}, no=1, catch_all=["Oth\u00e9r"]
    )
    read = json.loads(freeze_pool.to_json(freeze_pool.gather([card]), 7))
    assert read["version"] == 7
    assert read["subsets"]["3"] == [['A "quoted" cyst', [1]], ["Oth\u00e9r", [1], "catch_all"]]
    assert pool_version() >= 1
