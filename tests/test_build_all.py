"""Builds, audited: sound as they come, and each fault planted in a copy of the folder is named."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medmat_core import BoxSample, LabelSample, build, load_catalog, readers
from medmat_core.audit import Report, audit
from medmat_core.catalog import Catalog
from medmat_core.cli import run
from medmat_core.errors import UsageError
from medmat_core.fileio import sha256_of
from medmat_core.model import Box
from tests.audited import SPATIAL
from tests.toy import INSTRUCTIONS, picture, toy_catalog, toy_dataset

ONE = {"cat": "Cat", "dog": "Dog", "cow": "Cow"}
TWO = {"cat": "Cat", "eel": "Eel", "fox": "Fox", "hen": "Hen"}


def grouped(tree: Any, card: Any) -> Iterator[LabelSample]:
    """Class folders whose file names open with a patient: 'p3-1.png'."""
    for sample in readers.class_folders(tree, card):
        yield LabelSample(sample.image, sample.stated, group=sample.image.rpartition("/")[2].partition("-")[0])


def boxed(tree: Any, card: Any) -> Iterator[BoxSample]:
    """Two boxes a picture, the second class in every other one."""
    for number, image in enumerate(tree.images()):
        boxes = [Box("cat", (5, 5, 15, 14)), Box("dog", (40, 30, 55, 44))]
        yield BoxSample(image, tuple(boxes[: 1 + number % 2]))


class Built:
    """A build of three data sets, two of them in one subset with a copy and a patient in common."""

    def __init__(self, where: Path) -> None:
        self.data = where / "med-mat"
        self.out = where / "out"
        for slug, labels in (("one", ONE), ("two", TWO)):
            for place, name in enumerate(labels):
                for number in range(12):
                    shade = 1000 * place + number + (20_000 if slug == "two" else 0)
                    picture(self.data / slug / "pics" / name / f"{slug[0]}{number // 2}-{number}.png", shade)
        for number in range(8):
            picture(self.data / "boxes/pics" / f"{number}.png", 40_000 + number, (64, 48))
        first = sorted((self.data / "one/pics/cat").iterdir())[0]
        shutil.copyfile(first, self.data / "two/pics/cat/t9-copy.png")
        head = 'groups = "toys"'
        datasets = (
            toy_dataset(where, grouped, slug="one", folder="one", labels=ONE, head=head),
            toy_dataset(where, grouped, slug="two", folder="two", labels=TWO, head=head),
            toy_dataset(
                where, boxed, slug="boxes", folder="boxes", kind="box", labels={"cat": "Cat", "dog": "Dog"},
                head='asks = ["box", "location", "coverage", "presence", "structure"]',
            ),
        )  # fmt: skip
        self.catalog = toy_catalog(*datasets, instructions={"label": INSTRUCTIONS, **SPATIAL})
        build(
            data=self.data, out=self.out, catalog=self.catalog, jobs=1, formats=("medmat", "jsonl"), test_fraction=0.3
        )

    def audit(self, out: Path | None = None, **options: Any) -> Report:
        cards = [dataset.card for dataset in self.catalog]
        return audit(out or self.out, cards, subset_of=self.catalog.subset, **options)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("built"))


@pytest.fixture
def copy(built: Built, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built.out, tmp_path / "copy"))


def load(out: Path, name: str) -> list[dict[str, Any]]:
    text = (out / name).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()] if name.endswith("l") else json.loads(text)


def store(out: Path, name: str, made: list[dict[str, Any]]) -> None:
    """Write records back as the build does, and put the new digest into the manifest."""
    lines = [json.dumps(one, ensure_ascii=False) for one in made]
    text = "".join(f"{line}\n" for line in lines) if name.endswith("l") else "[\n" + ",\n".join(lines) + "\n]\n"
    (out / name).write_text(text, "utf-8")
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    manifest["files"][name] = sha256_of(out / name)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1))


def edit_manifest(out: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    change(manifest)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1))


OWN = "Original_Medical_Datasets/Ori--one-train.json"
FULL = "records/Ori--one-train.jsonl"
SUBSET = "Aggregated_Subsets/Subset--1000-train.json"


# -- as it comes ----------------------------------------------------------------------------------------


def test_a_build_of_labels_groups_copies_and_boxes_is_sound(built: Built) -> None:
    report = built.audit(data=built.data)
    # the toy of boxes has no groups, and says so
    assert [fault.name for fault in report.found.kept] == ["unprotected"]
    assert report.sound and report.records > 80
    assert [row["slug"] for row in report.datasets] == ["boxes", "one", "two"]


def test_every_form_of_question_was_audited(built: Built) -> None:
    asks = {
        record["ask"]
        for file in built.out.glob("records/*.jsonl")
        for record in load(built.out, f"records/{file.name}")
    }
    assert asks == {"label", "box", "location", "coverage", "presence", "structure"}


@pytest.mark.parametrize(
    "options",
    [{"distractors": "subset"}, {"distractors": "dataset"}, {"box_format": "thousand"}, {"box_format": "pixel"},
     {"split": "none"}, {"verify": "none"}, {"formats": ("medmat",)}, {"formats": ("jsonl",)}, {"pool": "installed"}],
)  # fmt: skip
def test_a_build_with_other_options_is_sound_by_its_own_promises(
    built: Built, tmp_path: Path, options: dict[str, Any]
) -> None:
    arguments: dict[str, Any] = {"formats": ("medmat", "jsonl"), "jobs": 1} | options
    build(data=built.data, out=tmp_path / "out", catalog=built.catalog, **arguments)
    report = built.audit(tmp_path / "out", data=built.data)
    assert [fault for fault in report.found.kept if fault.level == "fault"] == []


def test_keys_are_those_of_names_in_composed_form_whatever_the_disk_says(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller")
    for number in range(4):
        picture(tmp_path / "med-mat/boxes/pics" / f"{name} {number}.png", number, (64, 48))
        picture(tmp_path / "med-mat/one/pics" / ("cat", "dog")[number % 2] / f"{name} {number}.png", 50 + number)
    catalog = toy_catalog(
        toy_dataset(tmp_path, slug="one", folder="one", labels={"cat": "Cat", "dog": "Dog"}),
        toy_dataset(
            tmp_path, boxed, slug="boxes", folder="boxes", kind="box", labels={"cat": "Cat", "dog": "Dog"},
            head='asks = ["box", "presence"]',
        ),
        instructions={"label": INSTRUCTIONS, **SPATIAL},
    )  # fmt: skip
    build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=catalog, jobs=1, formats=("jsonl",))
    cards = [dataset.card for dataset in catalog]
    report = audit(tmp_path / "out", cards, subset_of=catalog.subset, data=tmp_path / "med-mat")
    assert report.faults == [] and report.records > 8


def test_guessers_stay_near_chance_and_figures_add_up(built: Built) -> None:
    report = built.audit()
    rows = {row["slug"]: row for row in report.datasets}
    assert sum(rows["one"]["records"].values()) == sum(
        counts[part] for counts in rows["one"]["labels"].values() for part in ("train", "test")
    )
    for row in (rows["one"], rows["two"]):
        figures = row["guessers"]["train"]
        assert figures["chance"] <= figures["letter"] <= 1
        assert figures["frequent"] is None and row["guessers"]["test"]["frequent"] is not None
        assert row["without_own"]["here"] == row["without_own"]["mixed"] == 0
    assert {row["subset"] for row in report.subsets} == {1000}


def test_questions_without_an_own_wrong_option_are_counted_for_every_mode(tmp_path: Path) -> None:
    """One own label beside the answer and ten of others: drawn evenly, 120 of 165 questions meet none of their own."""
    from medmat_core.audit.guess import expected_without_own
    from medmat_core.audit.labels import Labels
    from medmat_core.concepts import Concepts, Relations
    from medmat_core.subsets import PoolLabel
    from tests.toy import toy_card

    card = toy_card(tmp_path, labels={"a": "Glaucoma", "b": "Normal"})
    pool = [PoolLabel(f"Disease {letter}", (7,)) for letter in "ABCDEFGHIJ"]
    labels = Labels(card, pool, Concepts(Relations()))
    shares = expected_without_own({("Glaucoma",): 3}, labels)
    assert shares == {"mixed": 0.0, "subset": round(120 / 165, 4), "dataset": 0.0}


# -- planted in a copy ----------------------------------------------------------------------------------


def lose_a_record(out: Path) -> None:
    store(out, SUBSET, load(out, SUBSET)[:-1])


def repeat_a_record(out: Path) -> None:
    made = load(out, SUBSET)
    store(out, SUBSET, [*made, made[-1] | {"id": len(made) + 1}])


def change_a_record(out: Path) -> None:
    made = load(out, SUBSET)
    place = next(i for i, record in enumerate(made) if "/one/" in record["image"])
    made[place]["caption"] += "s"
    store(out, SUBSET, made)


def bring_back_a_removed_picture(out: Path) -> None:
    edit_manifest(out, lambda m: m["subset_removals"].append(
        {"subset": 1000, "no": None, "image": load(out, OWN)[2]["image"], "reason": "made up"}))  # fmt: skip


def change_one_format(out: Path) -> None:
    made = load(out, FULL)
    options = made[4]["options"]
    one, other = (place for place, option in enumerate(options) if option != made[4]["answer"])
    options[one], options[other] = options[other], options[one]
    store(out, FULL, made)


def shorten_one_format(out: Path) -> None:
    store(out, FULL, load(out, FULL)[:-1])


def add_a_blank(out: Path) -> None:
    (out / OWN).write_bytes((out / OWN).read_bytes() + b" ")


def cut_a_file(out: Path) -> None:
    raw = (out / FULL).read_bytes()
    (out / FULL).write_bytes(raw[: raw.rindex(b"question")])
    edit_manifest(out, lambda m: m["files"].update({FULL: sha256_of(out / FULL)}))


def remove_a_file(out: Path) -> None:
    (out / SUBSET).unlink()


def add_a_file(out: Path) -> None:
    shutil.copyfile(out / OWN, out / "Original_Medical_Datasets/Ori--three-train.json")


def miscount(out: Path) -> None:
    edit_manifest(out, lambda m: m["datasets"][1]["records"]["train"].update(Cat=999))


def miscount_pictures(out: Path) -> None:
    edit_manifest(out, lambda m: m["datasets"][1]["images"].update(used=999))


def forget_the_licence(out: Path) -> None:
    edit_manifest(out, lambda m: m["datasets"][1].update(license=" "))


def forget_the_files(out: Path) -> None:
    edit_manifest(out, lambda m: m.pop("files"))


def odd_problem(out: Path) -> None:
    line = {"level": "note", "dataset": "one", "file": "x", "row": None, "reason": "bad_image", "detail": ""}
    store(out, "problems.jsonl", [line])


def uncounted_problem(out: Path) -> None:
    line = {"level": "note", "dataset": "one", "file": "x", "row": None, "reason": "left_out", "detail": ""}
    store(out, "problems.jsonl", [line])


def other_patient(out: Path) -> None:
    """A patient of the other member's test part turns up in this one's train part."""
    tested = load(out, "records/Ori--two-test.jsonl")[0]["group"]
    made = load(out, FULL)
    made[0]["group"] = tested
    store(out, FULL, made)


PLANTED: list[tuple[str, Callable[[Path], None], set[str]]] = [
    ("subset_union", lose_a_record, set()),
    ("subset_union", repeat_a_record, {"duplicate_record"}),
    ("subset_union", change_a_record, {"unknown_caption", "caption_answer"}),
    ("subset_union", bring_back_a_removed_picture, set()),
    ("formats_differ", change_one_format, set()),
    ("formats_differ", shorten_one_format, {"manifest_counts"}),
    ("manifest_digest", add_a_blank, set()),
    ("bad_json", cut_a_file, {"formats_differ", "manifest_counts"}),
    ("missing_file", remove_a_file, set()),
    ("unlisted_file", add_a_file, {"misfiled"}),
    ("manifest_counts", miscount, set()),
    ("manifest_counts", miscount_pictures, set()),
    ("manifest_keys", forget_the_licence, set()),
    ("manifest_keys", forget_the_files, {"unlisted_file"}),
    ("problems_form", odd_problem, set()),
    ("manifest_counts", uncounted_problem, set()),
    ("group_leak", other_patient, set()),
]


@pytest.mark.parametrize(("name", "plant", "companions"), PLANTED, ids=[p.__name__ for _, p, _ in PLANTED])
def test_a_fault_planted_in_a_built_folder_is_named(
    built: Built, copy: Path, name: str, plant: Callable[[Path], None], companions: set[str]
) -> None:
    plant(copy)
    told = set(built.audit(copy).found.counts)
    assert name in told
    assert told <= {name, *companions}


def test_a_wrong_option_that_only_one_format_offers_is_judged_there(built: Built, copy: Path) -> None:
    made = load(copy, OWN)
    answer = made[4]["Answer"]
    spare = next(line[3:] for line in made[4]["Question-choice"].split("\n")[1:-1] if line[3:] != answer)
    made[4]["Question-choice"] = made[4]["Question-choice"].replace(f": {spare}\n", ": Quagga\n")
    store(copy, OWN, made)
    assert {"formats_differ", "not_in_pool", "subset_union"} <= set(built.audit(copy).found.counts)


def test_a_folder_without_its_manifest_is_not_sound(built: Built, copy: Path) -> None:
    (copy / "manifest.json").unlink()
    assert set(built.audit(copy).found.counts) == {"missing_file"}
    (copy / ".medmat-work").mkdir()
    assert set(built.audit(copy).found.counts) == {"unfinished"}


# -- with the pictures ----------------------------------------------------------------------------------


@pytest.fixture
def pictures(built: Built, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built.data, tmp_path / "med-mat"))


def sides(out: Path) -> tuple[list[str], list[str]]:
    """Pictures of data set one in train and in test, below the data folder."""
    return tuple(  # type: ignore[return-value]
        [record["image"].partition("/")[2] for record in load(out, f"records/Ori--one-{part}.jsonl")]
        for part in ("train", "test")
    )


def test_a_key_of_another_picture_is_named(built: Built, copy: Path) -> None:
    made = load(copy, FULL)
    made[0]["key"], made[1]["key"] = made[1]["key"], made[0]["key"]
    store(copy, FULL, made)
    report = built.audit(copy, data=built.data)
    assert dict(report.found.counts) == {"key_wrong": 2}


def test_a_picture_that_is_gone_or_of_another_size_is_named(built: Built, pictures: Path) -> None:
    train, _ = sides(built.out)
    (pictures / train[0]).unlink()
    picture(pictures / train[1], 77, (30, 16))
    report = built.audit(data=pictures)
    assert dict(report.found.counts) == {"missing_image": 1, "picture_size": 1}


def test_equal_bytes_on_both_sides_are_a_leak_and_under_two_labels_a_contradiction(
    built: Built, pictures: Path
) -> None:
    train, test = sides(built.out)
    same = next(name for name in train if name.split("/")[2] == test[0].split("/")[2])
    shutil.copyfile(pictures / test[0], pictures / same)
    assert dict(built.audit(data=pictures).found.counts) == {"picture_leak": 1}
    other = next(name for name in train if name.split("/")[2] != train[-1].split("/")[2] and name != same)
    shutil.copyfile(pictures / train[-1], pictures / other)
    assert dict(built.audit(data=pictures).found.counts) == {"picture_leak": 1, "contradictory_picture": 1}


def test_equal_bytes_in_two_members_of_a_subset_are_named(built: Built, pictures: Path) -> None:
    train, _ = sides(built.out)
    theirs = load(built.out, "records/Ori--two-train.jsonl")[0]["image"].partition("/")[2]
    mine = next(name for name in train if load(built.out, SUBSET) and name.split("/")[2] == "cat" and "-0" not in name)
    shutil.copyfile(pictures / mine, pictures / theirs)
    assert dict(built.audit(data=pictures).found.counts) == {"subset_copy": 1}


def test_pictures_that_decode_alike_or_nearly_are_notes(built: Built, pictures: Path) -> None:
    train, test = sides(built.out)
    rng = np.random.default_rng(4)
    smooth = Image.fromarray(rng.integers(0, 255, (6, 6), np.uint8)).resize((24, 16), Image.Resampling.BICUBIC)
    smooth.save(pictures / test[0])
    smooth.save(pictures / train[0], optimize=True, compress_level=1)
    changed = np.asarray(smooth).copy()
    changed[3, 3] ^= 1
    Image.fromarray(changed).save(pictures / train[1])
    report = built.audit(data=pictures, near=True)
    assert report.sound
    told = {(note.name, note.image.partition("/")[2]) for note in report.notes}
    assert {("alike_leak", train[0]), ("near_leak", train[1])} <= told


# -- published files ------------------------------------------------------------------------------------


def published(built: Built, layout: Callable[[list[dict[str, Any]]], str], file: Path) -> Path:
    made = [record | {"data-no": 7} for record in load(built.out, OWN)]
    file.write_text(layout(made), "utf-8")
    return file


@pytest.mark.parametrize("layout", [json.dumps, lambda made: json.dumps(made, indent=4)])
def test_a_published_file_is_audited_without_manifest_plugin_or_promise(
    built: Built, tmp_path: Path, layout: Callable[[Any], str]
) -> None:
    file = published(built, layout, tmp_path / "Ori--07-train.json")
    report = audit(file)
    assert report.sound and report.records == len(load(built.out, OWN))
    assert any("no manifest" in sentence for sentence in report.unseen)


def test_a_fault_in_a_published_file_is_found_and_what_it_lacks_is_told(built: Built, tmp_path: Path) -> None:
    made = [record | {"data-no": 7} for record in load(built.out, OWN)]
    made[2]["Answer-choice"] = "ABCD"[("ABCD".index(made[2]["Answer-choice"]) + 1) % 3]
    del made[3]["Answer"]
    file = tmp_path / "some train.json"
    file.write_text(json.dumps(made))
    report = audit([file])
    assert dict(report.found.counts) == {"answer_letter": 1, "keys": 1}
    assert {(fault.name, fault.record) for fault in report.faults} == {("answer_letter", 3), ("keys", 4)}


# -- the command ----------------------------------------------------------------------------------------


def test_the_command_tells_soundness_by_its_exit_code(
    built: Built, copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("medmat_core.catalog.load_catalog", lambda **_: built.catalog)
    assert run(["audit", str(built.out), "--data", str(built.data)]) == 0
    assert "sound" in capsys.readouterr().out
    lose_a_record(copy)
    assert run(["audit", str(copy)]) == 1
    assert "fault subset_union (1)" in capsys.readouterr().out
    assert run(["audit", str(copy), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["faults"] == {"subset_union": 1} and told["sound"] is False
    assert [example["file"] for example in told["examples"] if example["level"] == "fault"] == [SUBSET]


def test_nothing_to_audit_is_a_bad_argument(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    for arguments in ([str(tmp_path / "empty")], [str(tmp_path / "gone")], []):
        assert run(["audit", *arguments]) == 2
    assert "nothing to audit" in capsys.readouterr().err
    with pytest.raises(UsageError, match="--data"):
        audit(tmp_path / "empty", alike=True)


# -- everything installed -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed() -> Catalog:
    catalog = load_catalog()
    if not catalog.datasets:
        pytest.skip("no plugin is installed")
    return catalog


@pytest.mark.slow
def test_the_examples_of_all_installed_data_sets_build_into_a_sound_folder(installed: Catalog, tmp_path: Path) -> None:
    from medmat_core.samples import write_example

    for dataset in installed:
        write_example(dataset.card, tmp_path / "med-mat")
    build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=installed, jobs=1, formats=("medmat", "jsonl"))
    cards = [dataset.card for dataset in installed]
    report = audit(tmp_path / "out", cards, subset_of=installed.subset, data=tmp_path / "med-mat")
    assert [str(fault) for fault in report.faults] == []
