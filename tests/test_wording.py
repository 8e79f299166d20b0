"""How the questions of the 53 subsets read, filled in for every card: what a radiologist would not smile at."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from medmat_core.card import Card
from medmat_core.subsets import (
    OPEN_BOX,
    convention_clause,
    count_clause,
    in_sentence,
    load_subset,
    speaks_of_options,
)

ROOT = Path(__file__).parent.parent
NUMBERS = range(1, 54)
BOX = "[0.100, 0.200, 0.300, 0.400]"
CONVENTION = convention_clause("unit")
PUBLISHED = "Review this {area} {modality} and determine the possible condition it represents."
"""Med-MAT's own instruction of subset 2, kept to the letter."""

PASSING = frozenset(
    """about after around before between both choice does each entry from have into like none only other over part read
    rises rising that their them there this through under what when where which while whole with within would""".split()
)
"""Words that may stand twice in a question."""


def cards() -> list[Card]:
    paths = ROOT.glob("plugins/*/medmat_*/*.toml")
    return sorted((Card.load(path) for path in paths), key=lambda card: card.head.no or 0)


SAID_TWICE = frozenset({"Chest wall mass"})
"""Captions that name the region of the body as their question does, and cannot do without."""


CARDS = [pytest.param(card, id=card.head.slug) for card in cards()]
TEMPLATES = [
    pytest.param(ask, text, id=f"{no}-{ask}-{place}")
    for no in NUMBERS
    for ask, texts in load_subset(no).instructions.items()
    for place, text in enumerate(texts)
]


def of(*asks: str) -> list[object]:
    return [template for template in TEMPLATES if template.values[0] in asks]


def asked(card: Card) -> Iterator[tuple[str, str]]:
    """(ask, question) of all that a card can be asked, less the box of a structure question."""
    instructions = load_subset(card.head.subset).instructions
    captions = [c for c in card.captions if c not in card.classes.catch_all and c not in SAID_TWICE]
    for ask in card.head.asks or ("label",):
        for text in instructions[ask]:
            for caption in captions if "{caption}" in text else captions[:1]:
                for regions in (1, 3, 9) if "{count}" in text else (1,):
                    yield (
                        ask,
                        text.format(
                            modality=card.head.modality_shown,
                            area=card.head.area_shown,
                            caption=in_sentence(caption),
                            count=count_clause(regions),
                            convention=CONVENTION,
                            box=BOX,
                        ),
                    )


def repeated(question: str) -> set[str]:
    """The words that carry meaning and stand in a question more than once, plurals as singulars."""
    bare = question.replace(CONVENTION, "").replace(BOX, "").casefold()
    words = (w[:-1] if w.endswith("s") and not w.endswith("ss") else w for w in re.findall(r"[^\W\d_]{4,}", bare))
    return {word for word, times in Counter(words).items() if times > 1 and word not in PASSING}


def test_a_repeated_word_is_found_in_whatever_number_it_stands():
    assert repeated("Is any bone broken in this bone X-ray?") == {"bone"}
    assert repeated("Which lesion of the skin, among lesions, is it?") == {"lesion"}
    assert repeated(f"Which choice fits, {CONVENTION}, in this picture?") == set()


@pytest.mark.parametrize("card", CARDS)
def test_no_question_says_a_word_twice(card: Card):
    assert [(question, again) for _, question in asked(card) if (again := repeated(question))] == []


@pytest.mark.parametrize("card", CARDS)
def test_articles_fit_the_words_behind_them(card: Card):
    for _, question in asked(card):
        assert not re.search(
            r"\ba (?!u(ni|ro|se))[aeiou]|\ban (?![aeiou]|[FHLMNRSX]-|MRI|X)", question, re.IGNORECASE
        ), question
        assert not re.search(r"\b(\w+) \1\b", question, re.IGNORECASE), question


@pytest.mark.parametrize(("ask", "text"), of("label", "presence"))
def test_a_question_whose_options_are_nouns_is_not_asked_for_yes_or_no(ask: str, text: str):
    yes_or_no = r"(?:^|, )(?:is|are|was|were|does|do|did|has|have|had|can|could|should|will|would|must|may)\b"
    for clause in re.split(r"[.;:?] ?", text.casefold()):
        if not re.search(r"\b(what|which|how|where)\b", clause):
            assert not re.search(yes_or_no, clause)
    assert not re.search(r"\bwhether\b|\bif so\b", text, re.IGNORECASE)


@pytest.mark.parametrize(("ask", "text"), TEMPLATES)
def test_no_question_invents_a_history_of_its_patient(ask: str, text: str):
    told = (
        r"after an? \w+ (fall|accident)|\bfall\b|\bfever|\bcough|\bpain|\bbiops|\bneedle|\bdrain\b|\baspirat|\bcomplain"
        r"|\bworr|\balarm|\barriv|\bventilated|\bgets? worse|\brefer|\brequest|\bemergenc|\bmoles?\b|\bneeds care"
        r"|\bwas taken (for|because)|\bfollow-up|\bhas happened|\bhas done"
    )
    assert not re.search(told, text, re.IGNORECASE)


@pytest.mark.parametrize(("ask", "text"), of("label"))
def test_no_question_takes_a_disease_for_granted(ask: str, text: str):
    granted = (
        r"\bthe (abnormality|disease|damage|tumor|problem|injury)\b|\bwhat is wrong\b|\bwhich disease\b"
        r"|\bwhat abnormality\b|\bthe (kind|type) of (disease|cancer)\b"
    )
    assert not re.search(granted, text, re.IGNORECASE)


@pytest.mark.parametrize(("ask", "text"), of("box"))
def test_box_questions_ask_which_choice_fits_best(ask: str, text: str):
    assert re.search(r"\bfits best\b", text)
    assert not re.search(r"\{count\} (is|are|was|were)\b|\b(is|are|was|were) \{count\}", text)


@pytest.mark.parametrize(("ask", "text"), of("location"))
def test_location_questions_say_that_the_place_is_one_in_the_picture(ask: str, text: str):
    assert text.count("in the picture") == 1


@pytest.mark.parametrize(("ask", "text"), of("presence"))
def test_presence_questions_lean_to_neither_answer(ask: str, text: str):
    assert not re.search(r"\b(confirm|exclude|visible|should mention)\b", text)


@pytest.mark.parametrize(("ask", "text"), of("structure"))
def test_structure_questions_call_what_lies_in_the_box_by_no_disease(ask: str, text: str):
    assert not re.search(r"\b(abnormal\w*|wrong|disease|suspected|mass|lesion|biopsy)\b", text)


@pytest.mark.parametrize(("ask", "text"), of("structure"))
def test_structure_questions_do_not_say_that_the_box_was_drawn_on_this_picture(ask: str, text: str):
    # one text serves a whole round: the box may be a fellow's, and only lies over the structure
    told = r"\b(drew|drawn|framed|outlined|traced|marked|returned|segment\w*|contour\w*|annotat\w*|tight\w*|limits)\b"
    assert not re.search(told, text)
    assert "{box}" in text


@pytest.mark.parametrize("card", [card for card in CARDS if card.values[0].head.kind == "multi-label"])
def test_questions_on_several_findings_ask_for_all_of_them(card: Card):
    named = r"findings|locations|compartments|structures|sites|kinds|types|leukocytes|lineages|of them|that is"
    for _, question in asked(card):
        assert re.search(rf"\ball ({named})\b", question), question


@pytest.mark.parametrize("card", [card for card in CARDS if card.values[0].classes.one_label])
def test_where_several_classes_could_be_true_the_question_asks_for_the_main_one(card: Card):
    main = r"\b(main|mainly|chief|chiefly|foremost|above all|predominant|predominates|one label)\b"
    for text in load_subset(card.head.subset).instructions["label"]:
        assert text == PUBLISHED or re.search(main, text), text


SCALES = {
    11: ("0", "3"),  # Nerthus: Boston bowel preparation scale
    16: ("none|no sign|absent|lowest", "proliferative|new vessels"),
    19: ("3|none", "5"),
    25: ("0", "4"),
    34: ("no|none|free|unharmed|healthy", "advanced prolifer"),
    35: ("1", "upward|fusion|maturity|last|youngest"),
}


@pytest.mark.parametrize("no", SCALES)
def test_questions_on_a_scale_name_both_ends(no: int):
    low, high = SCALES[no]
    for text in load_subset(no).instructions["label"]:
        assert re.search(low, text) and re.search(high, text), text


@pytest.mark.parametrize("card", CARDS)
def test_a_card_asks_the_share_of_the_picture_where_boxes_of_its_class_nearly_always_meet(card: Card):
    if card.head.no in (99, 104, 105, 108):
        assert "coverage" in card.head.asks
    if card.head.modality == "Der" and card.head.kind == "mask":
        assert "location" not in card.head.asks  # a lesion photographed on purpose lies in the middle


def test_a_question_without_options_speaks_of_none() -> None:
    """An open record has nothing to choose from, so its instruction must not ask to choose."""
    for no in NUMBERS:
        label = load_subset(no).instructions.get("label")
        assert label is None or sum(not speaks_of_options(text) for text in label) >= 2, no
    assert not any(map(speaks_of_options, OPEN_BOX)) and len(set(OPEN_BOX)) == 6
    assert all({"{caption}", "{count}", "{convention}"} <= set(re.findall(r"\{\w+\}", text)) for text in OPEN_BOX)
