"""What captions mean: the relations of the 53 subsets, their closure, and how captions are compared."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medmat_core.card import Card
from medmat_core.concepts import Concepts, Group, Relations, fold, load_concepts
from medmat_core.concepts._relations import read
from medmat_core.errors import CatalogError
from medmat_core.subsets import PoolLabel, load_subset

ROOT = Path(__file__).parent.parent
NUMBERS = range(1, 54)
PASSING = frozenset("a an and at from in no not of on or other the to with without".split())


def cards() -> list[Card]:
    paths = ROOT.glob("plugins/*/medmat_*/*.toml")
    return [Card.load(path) for path in sorted(paths)]


CARDS = [pytest.param(card, id=card.head.slug) for card in cards()]


def captions(no: int) -> list[str]:
    return [label.caption for label in load_subset(no).pool]


def is_normal(concepts: Concepts, caption: str) -> bool:
    return any(concepts.same(caption, normal) for normal in concepts.relations.normal)


def content(caption: str) -> set[str]:
    """The words of a caption that carry meaning, plurals as singulars."""
    words = re.findall(r"[^\W\d_]+", caption.casefold())
    singular = (w[:-1] if w.endswith("s") and not w.endswith(("ss", "is", "us")) else w for w in words)
    return {word for word in singular if word not in PASSING}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Macular edema", "macular-EDEMA"),
        ("COVID-19", "Covid 19"),
        ("Grade 0", "grade  0."),
        ("Barrett\u2019s esophagus", "Barrett's esophagus"),
        ("le\u0301sion", "l\u00e9sion"),
        ("a_b", "A B"),
        ("T1 (early)", "T1, early"),
    ],
)
def test_texts_that_differ_in_case_spaces_and_punctuation_fold_alike(one: str, other: str):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.5", "15"),
        ("-1", "1"),
        ("[1, 23]", "[12, 3]"),
        ("[0.100, 0.200]", "[0.1002, 0.00]"),
        ("Grade 1", "Grade 2"),
        ("10 %", "1 0 %"),
        ("1/2", "12"),
    ],
)
def test_numbers_keep_their_sign_their_point_and_their_ends(one: str, other: str):
    assert fold(one) != fold(other)


@given(st.lists(st.text(alphabet="abcxyz", min_size=1, max_size=6), min_size=1, max_size=5))
def test_folding_joins_words_whatever_stands_between(words: list[str]):
    assert fold(" ".join(words)) == fold("-".join(words).upper()) == "".join(words)


numbers = st.lists(st.integers(-999, 999), min_size=1, max_size=6)


@given(numbers, numbers)
def test_lists_of_numbers_fold_alike_only_if_they_are_equal(one: list[int], other: list[int]):
    assert (fold(str(one)) == fold(str(other))) == (one == other)


names = st.sampled_from([f"concept {letter}" for letter in "abcdefgh"])
links = st.lists(st.tuples(names, names), max_size=14)


def reachable(edges: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Pairs joined by one step or more, worked out by joining until nothing is new."""
    found = set(edges)
    while True:
        more = {(a, d) for a, b in found for c, d in found if b == c} - found
        if not more:
            return found
        found |= more


@given(links)
def test_wider_is_closed_and_a_circle_is_refused(edges: list[tuple[str, str]]):
    wider: dict[str, tuple[str, ...]] = {}
    for wide, narrow in edges:
        wider[wide] = (*wider.get(wide, ()), narrow)
    relations = Relations(group=(Group("test", wider=wider),))
    closed = reachable(edges)
    if any(a == b for a, b in closed):
        with pytest.raises(CatalogError, match="wider than itself"):
            Concepts(relations)
        return
    concepts = Concepts(relations)
    for one, other in itertools.product([f"concept {letter}" for letter in "abcdefgh"], repeat=2):
        assert concepts.contains(one, other) == (one == other or (one, other) in closed)


@given(links)
def test_same_is_an_equivalence(pairs: list[tuple[str, str]]):
    concepts = Concepts(Relations(group=(Group("test", same=tuple(pairs)),)))
    joined = reachable([*pairs, *((b, a) for a, b in pairs)])
    for one, other in itertools.product([f"concept {letter}" for letter in "abcdefgh"], repeat=2):
        assert concepts.same(one, other) == (one == other or (one, other) in joined)


@given(links, links, links)
def test_related_is_symmetric_and_follows_from_any_common_part(same, coincide, edges):
    edges = [(a, b) for a, b in edges if a < b]
    wider: dict[str, tuple[str, ...]] = {}
    for wide, narrow in edges:
        wider[wide] = (*wider.get(wide, ()), narrow)
    concepts = Concepts(Relations(group=(Group("test", may_coincide=tuple(coincide), wider=wider),)))
    every = [f"concept {letter}" for letter in "abcdefgh"]
    closed = reachable(edges) | {(name, name) for name in every}
    in_line = closed | {(b, a) for a, b in closed}
    for one, other in itertools.product(every, repeat=2):
        assert concepts.related(one, other) == concepts.related(other, one)
        common = any((one, x) in closed and (other, x) in closed for x in every)
        joined = any((one, a) in in_line and (other, b) in in_line for x in coincide for a, b in (x, x[::-1]))
        assert concepts.related(one, other) == (common or joined)


FISH = Relations(
    group=(
        Group(
            "test",
            wider={"Fish": ("Shark", "Ray"), "Pet": ("Cat", "Dog"), "Cat": ("Tomcat",)},
            may_coincide=(("Fish", "Cat"),),
        ),
    ),
    apart=(("Shark", "Cat", "test"),),
)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Fish", "Cat", True),  # as stated
        ("Ray", "Cat", True),  # a kind of the one
        ("Fish", "Tomcat", True),  # a kind of the other
        ("Ray", "Tomcat", True),  # kinds of both
        ("Fish", "Pet", True),  # what contains the one stands beside the other
        ("Ray", "Pet", True),  # down on one side, up on the other
        ("Fish", "Dog", False),  # a sibling inherits nothing
        ("Shark", "Cat", False),  # kept apart
        ("Shark", "Tomcat", False),  # and so are its kinds
        ("Shark", "Ray", False),
    ],
)
def test_what_may_coincide_passes_up_and_down_but_not_into_what_is_kept_apart(one: str, other: str, expected: bool):
    concepts = Concepts(FISH)
    assert concepts.may_coincide(one, other) is expected
    assert concepts.may_coincide(other, one) is expected


@pytest.mark.parametrize("no", NUMBERS)
def test_every_subset_has_a_concept_file_and_each_group_a_source(no: int):
    path = ROOT / "medmat_core" / "concepts" / f"{no:02d}.toml"
    assert all(group.source.strip() for group in read(path).group)


@pytest.mark.parametrize("no", NUMBERS)
def test_relations_speak_of_captions_that_the_subset_has(no: int):
    relations = load_concepts(no).relations
    known = {fold(caption) for caption in captions(no)}
    # what a "No X" denies, and what gathers its kinds, need not be a caption
    concepts = {*relations.negates.values()}
    said = {*relations.normal, *relations.catch_all, *relations.beside_any, *relations.negates}
    said.update(name for family in relations.side_by_side for name in family)
    said.update(name for one, other, reason in relations.apart for name in (one, other) if reason)
    for group in relations.group:
        said.update(name for pair in (*group.same, *group.may_coincide, *group.excludes) for name in pair)
        said.update(name for wide, narrow in group.wider.items() for name in (wide, *narrow))
    assert {name for name in said if fold(name) not in known} <= concepts


@pytest.mark.parametrize("no", NUMBERS)
def test_related_is_symmetric_and_reflexive_over_a_subset(no: int):
    concepts = load_concepts(no)
    for one, other in itertools.combinations(captions(no), 2):
        assert concepts.related(one, other) == concepts.related(other, one)
    assert all(concepts.related(caption, caption.upper()) for caption in captions(no))


@pytest.mark.parametrize("no", NUMBERS)
def test_containment_is_transitive_over_a_subset(no: int):
    concepts = load_concepts(no)
    names = captions(no)
    below = {wide: {n for n in names if n != wide and concepts.contains(wide, n)} for wide in names}
    for wide in names:
        for narrow in below[wide]:
            assert below[narrow] - {wide} <= below[wide]


@pytest.mark.parametrize("no", NUMBERS)
def test_captions_of_different_data_sets_that_share_a_word_were_looked_at(no: int):
    concepts = load_concepts(no)
    apart = {frozenset((fold(one), fold(other))) for one, other, _ in concepts.relations.apart}
    excluded = {frozenset(map(fold, pair)) for group in concepts.relations.group for pair in group.excludes}

    def settled(one: PoolLabel, other: PoolLabel) -> bool:
        return (
            bool(set(one.rows) & set(other.rows))  # their card decides
            or concepts.related(one.caption, other.caption)
            or concepts.negated(one.caption) is not None
            or concepts.negated(other.caption) is not None
            or frozenset((fold(one.caption), fold(other.caption))) in apart | excluded
        )

    open_pairs = [
        (one.caption, other.caption)
        for one, other in itertools.combinations(load_subset(no).pool, 2)
        if content(one.caption) & content(other.caption) and not settled(one, other)
    ]
    assert open_pairs == []


@pytest.mark.parametrize("no", NUMBERS)
def test_pairs_called_apart_are_apart(no: int):
    concepts = load_concepts(no)
    for one, other, reason in concepts.relations.apart:
        assert reason
        assert not concepts.related(one, other), (one, other)


@pytest.mark.parametrize("no", NUMBERS)
def test_a_caption_that_denies_something_is_known_to_do_so(no: int):
    concepts = load_concepts(no)
    for caption in captions(no):
        if caption.startswith(("No ", "Not ")) and not concepts.is_catch_all(caption):
            excludes = any(caption in pair for group in concepts.relations.group for pair in group.excludes)
            assert concepts.negated(caption) or is_normal(concepts, caption) or excludes, caption


@pytest.mark.parametrize("card", CARDS)
def test_what_a_card_says_of_its_captions_holds_for_the_whole_subset(card: Card):
    concepts = load_concepts(card.head.subset)
    for wide, narrow in card.classes.nested:
        assert concepts.contains(wide, narrow), (wide, narrow)
    # overlapping classes are the card's own matter: pictures filed once, though several classes are true of them
    for caption in (*card.classes.catch_all, *card.classes.anatomy):
        assert concepts.is_catch_all(caption)
    for caption, denied in card.classes.negates.items():
        assert concepts.negated(caption) == denied
    if card.head.normal and card.head.normal not in card.classes.negates:
        assert is_normal(concepts, card.head.normal)


SINGLE = [card for card in CARDS if card.values[0].head.kind in ("single-label", "ordinal")]


def unlisted(card: Card) -> list[tuple[str, str]]:
    """Pairs of a card's captions that may meet in its questions, catch-alls and other bones aside."""
    concepts = load_concepts(card.head.subset)
    listed = {frozenset(pair) for pair in (*card.classes.nested, *card.classes.overlapping)}
    names = [caption for caption in card.captions if caption not in card.classes.catch_all]
    return [
        pair
        for pair in itertools.combinations(names, 2)
        if frozenset(pair) not in listed and not concepts.side_by_side(*pair)
    ]


@pytest.mark.parametrize("card", SINGLE)
def test_classes_of_one_data_set_that_contain_one_another_are_listed_on_its_card(card: Card):
    concepts = load_concepts(card.head.subset)
    assert [pair for pair in unlisted(card) if concepts.nested(*pair)] == []


@pytest.mark.parametrize("card", SINGLE)
def test_classes_that_one_picture_can_show_together_meet_only_where_the_card_says_why_it_has_one_label(card: Card):
    concepts = load_concepts(card.head.subset)
    pairs = [pair for pair in unlisted(card) if concepts.may_coincide(*pair)]
    assert bool(pairs) == bool(card.classes.one_label), pairs[:5]


def test_covid_is_a_viral_pneumonia_and_a_viral_pneumonia_is_a_pneumonia():
    concepts = load_concepts(28)
    assert concepts.contains("Pneumonia", "COVID-19") and concepts.contains("Viral pneumonia", "COVID-19")
    assert not concepts.contains("COVID-19", "Pneumonia")
    assert concepts.related("COVID-19", "Pneumonia")
    assert not concepts.related("COVID-19", "Viral pneumonia other than COVID-19")


def test_not_having_one_disease_excludes_that_disease_and_its_kinds_only():
    concepts = load_concepts(14)
    assert concepts.negated("No glaucoma") == "Glaucoma"
    assert not concepts.related("No glaucoma", "Glaucoma")
    assert not concepts.related("No glaucoma", "Referable glaucoma")
    assert concepts.related("No glaucoma", "Cataract")
    assert concepts.related("No glaucoma", "No age-related macular degeneration")
    assert concepts.contains("No glaucoma", "Normal")
    assert concepts.related("No referable glaucoma", "Glaucoma")


def test_no_brain_tumor_denies_every_kind_of_brain_tumor_and_no_other_lesion():
    concepts = load_concepts(22)
    assert not concepts.related("No brain tumor", "Glioma on T2-weighted MRI")
    assert not concepts.related("No brain tumor", "Pituitary tumor")
    assert concepts.related("No brain tumor", "Normal brain on T2-weighted MRI")
    assert concepts.related("No brain tumor", "Other lesion on T2-weighted MRI")
    assert concepts.contains("Glioma", "Glioma on T2-weighted MRI")
    assert not concepts.related("Glioma on T2-weighted MRI", "Glioma on unenhanced T1-weighted MRI")


def test_a_normal_picture_contradicts_any_finding_but_not_what_denies_one():
    for no, normal, finding in (
        (31, "Normal", "Pneumonia"),
        (31, "No finding", "Cardiomegaly"),
        (15, "Normal", "Drusen"),
    ):
        assert not load_concepts(no).related(normal, finding)
    assert load_concepts(31).same("Normal", "No finding")
    assert load_concepts(31).related("No finding", "Support devices")


def test_findings_of_a_multi_label_subset_stand_side_by_side():
    concepts = load_concepts(31)
    assert not concepts.related("Cardiomegaly", "Pneumothorax")


def test_a_film_judged_for_pneumonia_alone_may_show_anything_else():
    concepts = load_concepts(31)
    assert concepts.related("No lung opacity but not normal", "Cardiomegaly")
    assert concepts.related("Lung opacity suggestive of pneumonia", "Pleural effusion")
    assert not concepts.related("No lung opacity but not normal", "Lung opacity")
    assert not concepts.related("Lung opacity suggestive of pneumonia", "Normal")


def test_an_answer_that_gathers_leftovers_is_related_to_every_finding():
    concepts = load_concepts(14)
    other = "Other ocular disease or abnormality"
    assert concepts.is_catch_all(other)
    assert concepts.related(other, "Macular hole")
    assert not concepts.related(other, "Normal")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Diabetic retinopathy", "Yellow-white spots or flecks"),  # hard exudates are such spots
        ("Hypertensive retinopathy", "Yellow-white spots or flecks"),
        ("Glaucoma", "Tessellated fundus"),
        ("Cataract", "Vessel tortuosity"),
        ("Age-related macular degeneration", "Laser spots"),
        ("Diabetic retinopathy", "Possible glaucoma"),
        ("Cataract", "Optic atrophy"),
        ("Pathological myopia", "Macular hole"),
        ("Glaucoma", "Chorioretinal atrophy or coloboma"),
    ],
)
def test_a_sign_or_a_second_disease_of_the_same_eye_is_no_wrong_option(one: str, other: str):
    assert load_concepts(14).may_coincide(one, other)


def test_a_normal_eye_bears_no_trace_of_a_treatment():
    assert not load_concepts(14).related("Normal", "Laser spots")


def test_a_metastasis_in_a_lymph_node_lies_among_lymphoid_cells():
    assert load_concepts(21).may_coincide("Metastatic tumor tissue", "Normal lymphoid cell")


def test_skin_lesions_are_named_at_three_depths():
    concepts = load_concepts(8)
    assert concepts.contains("Benign epidermal lesion", "Seborrheic keratosis")
    assert concepts.contains("Malignant epidermal lesion", "Actinic keratosis")
    assert concepts.contains("Benign melanocytic lesion", "Nevus")
    assert not concepts.related("Melanoma", "Nevus")
    assert load_concepts(7).contains("Malignant lesion", "Melanoma")
    assert not load_concepts(7).related("Malignant lesion", "Nevus")


def test_blood_cells_are_named_at_two_depths():
    concepts = load_concepts(18)
    assert concepts.contains("Neutrophil", "Band neutrophil")
    assert concepts.contains("Immature granulocyte", "Myelocyte")
    assert concepts.same("Lymphocyte", "Lymphocytes")
    assert concepts.contains("Lymphocytes", "Hairy cell")
    assert not concepts.related("Eosinophil", "Basophil")


def test_stages_of_two_bones_never_meet_and_stages_of_one_exclude_one_another():
    concepts = load_concepts(35)
    assert concepts.side_by_side("Distal radius at maturity stage 3", "Distal ulna at maturity stage 3")
    assert not concepts.side_by_side("Distal radius at maturity stage 3", "Distal radius at maturity stage 4")
    assert not concepts.related("Distal radius at maturity stage 3", "Distal radius at maturity stage 4")


def write_card(folder: Path, tail: str, normal: str = "") -> Card:
    path = folder / "strange.toml"
    path.write_text(
        'slug = "strange"\ntitle = "Strange"\nfolder = "Strange"\nmodality = "X-Ray"\narea = "Lung"\ntask = "T"\n'
        'subset = 28\nkind = "single-label"\nmodality_shown = "X-ray"\narea_shown = "chest"\n'
        f'source = "https://example.org"\naccess = "open"\nlicense = "CC0"\nnormal = "{normal}"\n{tail}'
    )
    return Card.load(path)


def test_a_third_party_card_brings_its_own_relations(tmp_path: Path):
    card = write_card(
        tmp_path,
        '[labels]\na = "Lobar pneumonia"\nb = "Clear film"\nc = "Odd film"\nd = "No SARS"\ne = "Corona"\n'
        '[classes]\ncatch_all = ["Odd film"]\nnested = [["Lobar pneumonia", "Corona"]]\n'
        'same = [["Clear film", "Normal"]]\n'
        '[classes.wider]\n"Bacterial pneumonia" = ["Lobar pneumonia"]\n[classes.negates]\n"No SARS" = "SARS"\n',
        normal="Clear film",
    )
    plain, concepts = load_concepts(28), load_concepts(28).with_card(card)
    assert not plain.related("Lobar pneumonia", "Pneumonia")
    assert concepts.contains("Pneumonia", "Lobar pneumonia")
    assert concepts.contains("Bacterial pneumonia", "Corona")
    assert concepts.same("Clear film", "Normal") and is_normal(concepts, "Clear film")
    assert concepts.related("Clear film", "COVID-19")  # a positive test beside a normal film
    assert not concepts.related("Clear film", "Viral pneumonia")
    assert concepts.is_catch_all("Odd film")
    assert concepts.negated("no sars") == "SARS" and not concepts.related("No SARS", "SARS")


def test_a_card_whose_normal_caption_denies_one_thing_is_not_taken_for_healthy(tmp_path: Path):
    card = write_card(
        tmp_path, '[labels]\na = "Flu"\nb = "No flu"\n[classes.negates]\n"No flu" = "Flu"\n', normal="No flu"
    )
    concepts = load_concepts(28).with_card(card)
    assert not is_normal(concepts, "No flu")
    assert concepts.related("No flu", "COVID-19") and not concepts.related("No flu", "Flu")


def test_a_subset_without_a_file_knows_captions_only_as_themselves():
    concepts = load_concepts(1000)
    assert concepts.related("Cyst", "cyst") and not concepts.related("Cyst", "Stone")


@pytest.mark.parametrize("text", ["normal = [", "normal = 3", 'nomral = ["x"]', '[[group]]\nsame = [["a", "b"]]'])
def test_a_broken_concept_file_is_named(tmp_path: Path, text: str):
    path = tmp_path / "99.toml"
    path.write_text(text)
    with pytest.raises(CatalogError, match=r"99\.toml"):
        read(path)
