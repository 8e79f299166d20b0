"""Which captions one picture can show together, and which of them may all the same be options of one question."""

import itertools
from pathlib import Path

import pytest

from medmat_core.card import Card
from medmat_core.concepts import load_concepts
from medmat_core.questions.pools import Pools
from medmat_core.subsets import load_subset

ROOT = Path(__file__).parent.parent
ROWS = {card.head.no: card for card in (Card.load(p) for p in ROOT.glob("plugins/*/medmat_*/*.toml"))}

DR = (
    "Mild nonproliferative diabetic retinopathy",
    "Moderate to severe nonproliferative diabetic retinopathy",
    "Proliferative diabetic retinopathy",
)
SECOND = (
    "Epiretinal membrane",
    "Branch retinal vein occlusion",
    "Central retinal vein occlusion",
    "Massive hard exudates",
    "Yellow-white spots or flecks",
)
MOUTH = ("Gingivitis", "Dental caries", "Dental calculus", "Tooth discoloration", "Mouth ulcer")
GRADES = ("Gleason grade 3", "Gleason grade 4", "Gleason grade 5")

TOGETHER = {
    2: [*itertools.combinations(("Cyst", "Stone", "Tumor"), 2)],
    8: [
        ("Melanoma", "Malignant epidermal lesion"),
        ("Melanoma", "Malignant dermal lesion"),
        ("Basal cell carcinoma", "Malignant dermal lesion"),
        ("Benign keratosis", "Benign melanocytic lesion"),
        ("Actinic keratosis", "Benign epidermal lesion"),
        ("Genodermatosis", "Benign dermal lesion"),
        *(
            ("Inflammatory skin condition", other)
            for other in (
                "Vascular lesion",
                "Actinic keratosis",
                "Seborrheic keratosis",
                "Nevus",
                "Benign dermal lesion",
            )
        ),
    ],
    9: [*itertools.combinations(MOUTH, 2)],
    14: [
        *(
            ("Pathological myopia", other)
            for other in (*DR, "Hypertensive retinopathy", "Severe hypertensive retinopathy")
        ),
        *itertools.product(("Glaucoma", "Referable glaucoma", "Cataract"), SECOND),
        *itertools.product(
            ("Diabetic retinopathy", *DR),
            (
                "Branch retinal vein occlusion",
                "Central retinal vein occlusion",
                "Rhegmatogenous retinal detachment",
                "Dragged disc",
            ),
        ),
        *itertools.product(
            ("Hypertensive retinopathy", "Severe hypertensive retinopathy"),
            ("Branch retinal vein occlusion", "Central retinal vein occlusion", "Retinal artery occlusion"),
        ),
        *(
            ("Age-related macular degeneration", other)
            for other in ("Epiretinal membrane", "Preretinal hemorrhage", "Peripheral retinal degeneration and break")
        ),
        ("Silicone oil in the eye", "Proliferative diabetic retinopathy"),
    ],
    18: [
        ("Lymphocytes", "Normal colon mucosa"),
        ("Plasma cell", "Cancer-associated stroma"),
        ("Promyelocyte", "Neutrophil"),
        ("Myelocyte", "Neutrophil"),
        *(
            ("Mixed retinal pigment epithelium cells", f"{kind} retinal pigment epithelium cells")
            for kind in ("Fusiform", "Epithelioid", "Cobblestone")
        ),
    ],
    19: [*itertools.combinations(GRADES, 2)],
    21: [("Colon adenoma", "Colon adenocarcinoma")],
    23: [
        *itertools.product(
            ("Choroidal neovascularization", "Diabetic macular edema"),
            ("Drusen", "Macular hole", "Diabetic retinopathy"),
        )
    ],
    28: [("COVID-19", "Normal"), ("COVID-19", "Bacterial pneumonia"), ("COVID-19", "Streptococcal pneumonia")],
    31: [
        *(("Atelectasis", other) for other in ("Consolidation", "Infiltration", "Pneumonia")),
        ("Granuloma", "Calcification"),
        ("Tuberculosis", "Cavitation"),
        ("Airspace disease", "Atelectasis"),
        ("Abnormal lung markings", "Emphysema"),
    ],
    33: [("Nucleoplasm", "Nuclear speckles")],
}


def pools(row: int) -> Pools:
    card = ROWS[row]
    return Pools(card, load_subset(card.head.subset), load_concepts(card.head.subset))


def meet(row: int, one: str, other: str) -> bool:
    """Whether two captions of a data set may be options of one question, each wrong for the other's pictures."""
    known = pools(row)
    return known.may_oppose(one, other) and known.may_oppose(other, one)


@pytest.mark.parametrize(
    ("no", "one", "other"),
    [(no, one, other) for no, pairs in TOGETHER.items() for one, other in pairs],
)
def test_what_one_picture_can_show_together_is_no_contradiction(no: int, one: str, other: str):
    concepts = load_concepts(no)
    assert concepts.may_coincide(one, other) and concepts.may_coincide(other, one)


@pytest.mark.parametrize(
    ("no", "one", "other"),
    [
        (8, "Melanoma", "Basal cell carcinoma"),
        (8, "Seborrheic keratosis", "Nevus"),
        (8, "Actinic keratosis", "Seborrheic keratosis"),
        (8, "Actinic keratosis", "Squamous cell carcinoma"),
        (8, "Dermatofibroma", "Nevus"),
        (14, DR[0], DR[2]),
        (14, "Blurred fundus without proliferative diabetic retinopathy", DR[2]),
        (18, "Segmented neutrophil", "Myelocyte"),
        (18, "Blast", "Promyelocyte"),
        (28, "COVID-19", "SARS of 2003"),
        (28, "COVID-19", "Viral pneumonia other than COVID-19"),
    ],
)
def test_what_passes_down_does_not_reach_classes_that_exclude_one_another(no: int, one: str, other: str):
    assert not load_concepts(no).related(one, other)


@pytest.mark.parametrize(
    ("row", "one", "other"),
    [
        (2, "Cyst", "Stone"),
        (16, "Gingivitis", "Dental caries"),
        (23, DR[0], DR[1]),
        (23, DR[0], DR[2]),
        (23, DR[1], DR[2]),
        (34, "Gleason grade 3", "Gleason grade 4"),
        (37, "Colon adenoma", "Colon adenocarcinoma"),
        (40, "Lymphocytes", "Normal colon mucosa"),
        (46, "Choroidal neovascularization", "Drusen"),
        (46, "Diabetic macular edema", "Drusen"),
        (56, "COVID-19", "Viral pneumonia other than COVID-19"),
        (62, "COVID-19", "Normal"),
        (64, "Inflammatory skin condition", "Benign dermal lesion"),
        (65, "Mixed retinal pigment epithelium cells", "Cobblestone retinal pigment epithelium cells"),
        (66, "Severe nonproliferative diabetic retinopathy", "Very severe nonproliferative diabetic retinopathy"),
        (95, "Non-dysplastic Barrett's esophagus", "High-grade dysplasia"),
        (95, "Non-dysplastic Barrett's esophagus", "Cancer"),
    ],
)
def test_classes_of_which_the_question_asks_one_meet_in_it(row: int, one: str, other: str):
    assert meet(row, one, other)


@pytest.mark.parametrize(
    ("row", "one", "other"),
    [
        (8, "Brain tumor", "Brain cancer"),
        (16, "Dental calculus", "Gingivitis"),
        (23, "Pathological myopia", DR[0]),
        (23, "Possible glaucoma", "Branch retinal vein occlusion"),
        (23, "Severe hypertensive retinopathy", "Retinal artery occlusion"),
        (61, "Atelectasis", "Consolidation"),
        (62, "Viral pneumonia", "COVID-19"),
        (64, "Melanoma", "Malignant epidermal lesion"),
        (64, "Genodermatosis", "Benign dermal lesion"),
        (76, "Granuloma", "Calcification"),
        (76, "Lung opacity", "Pleural effusion"),
        (77, "Atelectasis", "Consolidation"),
        (80, "Atelectasis", "Infiltration"),
        (84, "Nucleoplasm", "Nuclear speckles"),
    ],
)
def test_classes_that_contain_one_another_or_that_no_protocol_tells_apart_never_meet(row: int, one: str, other: str):
    assert not meet(row, one, other)
