"""Paths and labels that Med-MAT's authors published, read by our adapters under the same names."""

from __future__ import annotations

from pathlib import Path

import pytest

from medmat_core.catalog import load_catalog
from medmat_core.tree import Tree

CT, KNEE = "CT-KIDNEY-DATASET-Normal-Cyst-Tumor-Stone/", "Digital Knee X-ray Images/Knee X-ray Images/MedicalExpert-I/"
COVID = "COVID-19-CT SCAN IMAGES_"
SPINE = "xkt857dsxk-1/ImagesOriginalSize/"
PHOTO = "dataset-master/dataset-master/JPEGImages/BloodImage_00"

PUBLISHED: dict[int, tuple[dict[str, str], dict[str, str]]] = {
    1: ({"train/train/Type_2/120.jpg": "Type 2", "train/train/Type_1/1014.jpg": "Type 1"}, {}),
    2: ({f"{CT}{CT}Normal/Normal- (2213).jpg": "Normal", f"{CT}{CT}Cyst/Cyst- (2937).jpg": "Cyst"}, {}),
    3: ({"non-COVID/Non-Covid (695).png": "Normal"}, {}),
    4: (
        {
            "COVID-CT-master/Images-processed/CT_NonCOVID/56%0.jpg": "Normal",
            "COVID-CT-master/Images-processed/CT_COVID/2020.03.11.20033159-p12-45%5.png": "Covid",
        },
        {},
    ),
    6: (
        {
            f"{COVID}datasets/{COVID}COVID_datasets/COVID/{COVID}Neg_Samples_datasets/"
            "NORMAL2-IM-0416-0001-0002.jpeg": "Normal"
        },
        {},
    ),
    7: ({"head_ct/head_ct/035.png": "Hemorrhage", "head_ct/head_ct/146.png": "Normal"},
        {"labels.csv": "id, hemorrhage\n35,1\n146,0\n"}),
    8: ({"files/cancer/79.jpg": "Cancer", "files/aneurysm/11.jpg": "Aneurysm"}, {}),
    18: (
        {
            "nerthus-dataset-frames/1/bowel_3_score_1-0_00000060.jpg": "1",
            "nerthus-dataset-frames/3/bowel_19_score_3-1_00000021.jpg": "3",
        },
        {},
    ),
    20: (
        {
            "kvasir-dataset/dyed-lifted-polyps/0a7bdce4-ac0d-44ef-93ee-92dfc8fe0b81.jpg": "Dyed lifted polyps",
            "kvasir-dataset/normal-z-line/389f4692-5c0d-413e-8aa5-a204e24face1.jpg": "Normal z line",
        },
        {},
    ),
    23: (
        {
            "1000images/5.0.CSCR/1ffa966f-8d87-11e8-9daf-6045cb817f5b..JPG": "Central serous chorioretinopathy",
            "1000images/29.0.Blur fundus without PDR/1ffa9436-8d87-11e8-9daf-6045cb817f5b..JPG": (
                "Blur fundus without pdr"
            ),
        },
        {},
    ),
    30: ({"DRIMDB/Good/drimdb_good (3).jpg": "Good", "DRIMDB/Bad/drimdb_bad (58).jpg": "Bad"}, {}),
    33: ({"train/6750.png": "Nucleolar", "train/12037.png": "Numem"},
         {"gt_training.csv": "Image ID,Image class\n06750,Nucleolar\n12037,NuMem\n"}),
    35: ({f"{PHOTO}111.jpg": "Lymphocyte", f"{PHOTO}339.jpg": "Neutrophil", f"{PHOTO}144.jpg": "Eosinophil"},
         {"dataset-master/dataset-master/labels.csv": ",Image,Category\n,111,LYMPHOCYTE\n,144,EOSINOPHIL\n"
                                                      ",339,NEUTROPHIL\n"}),
    38: ({"HuSHem/04_Amorphous/image_013.BMP": "Amorphous sperm", "HuSHem/01_Normal/image_001.BMP": "Normal sperm"},
         {}),
    41: ({"CLL/sj-05-3344_002.tif": "Chronic lymphocytic leukemia", "FL/sj-05-894-R3_006.tif": "Follicular lymphoma"},
         {}),
    49: ({f"{KNEE}1Doubtful/DoubtfulG1 (233).png": "Level 1", f"{KNEE}2Mild/MildG2 (195).png": "Level 2"}, {}),
    52: (
        {
            f"{SPINE}SpondFinal/N37, Olisthesis L5-S1, F, 48 Yrs.jpg": "Spond",
            f"{SPINE}ScolFinal/N116, Rt TLAIS, F, 17 Yrs.jpg": "Scol",
        },
        {},
    ),
    58: ({"all-mias-png/mdb147.png": "Normal", "all-mias-png/mdb145.png": "Spiculated masses"},
         {"Info.txt": "mdb145 D SPIC B 669 543 49\nmdb147 F NORM\n"}),
    61: ({"sample/images/00001958_004.png": "No finding"},
         {"sample_labels.csv": "Image Index,Finding Labels\n00001958_004.png,No Finding\n"}),
    69: ({"arthrosis/DIP/1/DIP_6611190.png": "1", "arthrosis/Radius/3/Radius_307381.png": "3"}, {}),
}  # fmt: skip
"""Row -> (path below the row's folder -> Med-MAT's wording, label files that say so)."""


@pytest.mark.parametrize("row", PUBLISHED)
def test_a_published_path_is_read_and_has_its_published_label(row: int, tmp_path: Path) -> None:
    dataset = next((dataset for dataset in load_catalog() if dataset.no == row), None)
    if dataset is None:
        pytest.skip("its plugin is not installed")
    pictures, texts = PUBLISHED[row]
    for path, text in [*((path, "") for path in pictures), *texts.items()]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    tree = Tree(tmp_path, dataset.card.markers)
    samples = list(dataset.samples(tree, dataset.card))
    wording = dataset.card.published.captions
    found = {tree.prefix + str(sample.image): [wording[code] for code in sample.stated] for sample in samples}
    assert found == {path: [caption] for path, caption in pictures.items()}
    assert [problem for problem in tree.problems if problem.level == "refused"] == []
