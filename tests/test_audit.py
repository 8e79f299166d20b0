"""What an audit finds: nothing in what is sound, every planted fault, and what a blind guesser can learn."""

from __future__ import annotations

import json
import math
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medmat_core import Record
from medmat_core.audit import FAULTS, NOTES, audit, check_records
from medmat_core.audit.blind import Asked, guess
from medmat_core.audit.odds import ALPHA, Trial, above, chi2_tail, even, independent, significant
from medmat_core.choices import CLOSING_LINE
from medmat_core.errors import UsageError
from medmat_core.records import read_records
from tests.audit_plants import PLANTS, Planted, first
from tests.audited import Forged, Json, World, medmat_of


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.made(tmp_path_factory.mktemp("world"))


@pytest.fixture
def forged(world: World, tmp_path: Path) -> Forged:
    return Forged(world, tmp_path / "out")


@pytest.mark.parametrize("planted", PLANTS, ids=lambda p: f"{p.name}-{getattr(p.plant, '__name__', '')}")
def test_a_planted_fault_is_named(planted: Planted, forged: Forged, world: World) -> None:
    where = planted.plant(forged)
    if planted.sealed:
        forged.seal()
    report = world.audit(forged.out, data=planted.data, keep=None)
    assert report.found.counts[planted.name], report.found.counts
    assert not report.sound
    named = [fault for fault in report.faults if fault.name == planted.name]
    if where and where[1]:
        slug, line = where
        assert any(fault.file == f"records/Ori--{slug}-train.jsonl" and fault.line == line for fault in named), [
            str(fault) for fault in named[:5]
        ]
    if planted.name not in ("keys",) and where and where[1]:
        assert any(fault.image and fault.key for fault in named)


def test_sixty_faults_are_planted_and_every_one_of_a_name_that_the_docs_list() -> None:
    assert len(PLANTS) >= 60
    assert {planted.name for planted in PLANTS} <= FAULTS.keys()
    assert not FAULTS.keys() & NOTES.keys()


# -- what is sound -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"box_format": "pixel"},
        {"split": "none"},
        {"surplus": "drop"},
        {"box_format": "thousand"},
        {"pool": "installed", "max_per_label": 9},
        {"verify": "none"},
    ],
)
def test_a_sound_build_has_no_fault(tmp_path: Path, options: dict[str, Any]) -> None:
    made = World.made(tmp_path, seed=7, **options)
    report = made.audit(data=True, near=True)
    assert report.found.counts == {}
    assert report.sound and "sound" in report.verdict


def test_a_build_by_the_subset_rule_has_no_fault_but_what_guessers_find(tmp_path: Path) -> None:
    made = World.made(tmp_path, distractors="subset")
    assert set(made.audit(data=True).found.counts) <= {"guessed_blind"}


def test_a_build_of_the_published_rule_is_told_what_is_wrong_with_it(tmp_path: Path) -> None:
    made = World.made(tmp_path, as_published=True)
    report = made.audit(data=True)
    assert {"distractor_true", "group_leak", "options_related"} <= set(report.found.counts)
    assert not {"order", "keys", "formats_differ", "manifest_counts", "label_differs"} & set(report.found.counts)
    toy = next(row for row in report.rows if row.name == "toy")
    assert toy.wrong > 0 and toy.leaks > 0


def test_an_audit_says_what_it_did_not_see(world: World) -> None:
    assert any("no --data" in said for said in world.audit().unseen)
    assert any("no --near" in said for said in world.audit(data=True).unseen)
    with pytest.raises(UsageError, match="needs --data"):
        world.audit(near=True)
    with pytest.raises(UsageError, match="no such folder"):
        world.audit(data=world.data / "nothing")


def test_records_of_a_data_set_whose_plugin_is_gone_are_read_all_the_same(forged: Forged) -> None:
    report = audit(forged.out)
    assert report.sound and report.found.notes["no_card"] == 5
    forged.edit("toy", lambda rows: first(rows, size=4).update(round=""))
    forged.seal()
    assert {"round_size", "surplus_list"} & set(audit(forged.out).found.counts)


# -- pictures beside one another -----------------------------------------------------------------------------


@pytest.fixture
def pictures(world: World, tmp_path: Path) -> Path:
    return Path(shutil.copytree(world.data, tmp_path / "med-mat"))


def test_a_picture_of_train_whose_bytes_are_in_test_is_a_leak(world: World, pictures: Path) -> None:
    shutil.copyfile(pictures / "toy/pics/cow/cow-1.png", pictures / "toy/pics/cow/cow-6.png")
    faults = [fault for fault in world.audit(data=pictures).faults if fault.name == "picture_leak"]
    assert [fault.image for fault in faults] == ["med-mat/toy/pics/cow/cow-1.png"]
    assert faults[0].file == "records/Ori--toy-train.jsonl" and faults[0].line and faults[0].key


def test_equal_pictures_under_two_labels_contradict_each_other(world: World, pictures: Path) -> None:
    shutil.copyfile(pictures / "toy/pics/cow/cow-1.png", pictures / "toy/pics/eel/eel-0.png")
    assert "contradictory_picture" in world.audit(data=pictures).found.counts


def test_equal_pictures_of_one_part_are_asked_once(world: World, pictures: Path) -> None:
    shutil.copyfile(pictures / "toy/pics/cow/cow-1.png", pictures / "toy/pics/cow/cow-0.png")
    assert "duplicate_record" in world.audit(data=pictures).found.counts


@pytest.fixture
def textured(tmp_path: Path) -> Path:
    """Pictures of noise, which no two near copies share by chance."""
    dice = np.random.default_rng(5)
    for name in ("cat", "dog"):
        for number in range(16):
            path = tmp_path / f"med-mat/toy/pics/{name}/{name}-{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            small = Image.fromarray(dice.integers(0, 256, (8, 8), np.uint8))
            small.resize((160, 160), Image.Resampling.BICUBIC).save(path)
    return tmp_path / "med-mat"


@pytest.mark.parametrize("how", ["encoded again", "resized"])
def test_near_finds_a_copy_that_was(how: str, textured: Path, tmp_path: Path) -> None:
    from medmat_core import build
    from tests.audited import ANIMALS, NESTED, labelled
    from tests.toy import toy_catalog, toy_dataset

    with Image.open(textured / "toy/pics/cat/cat-0.png") as whole:
        other = whole.resize((96, 96)) if how == "resized" else whole
        if how == "encoded again":
            other.save(tmp_path / "again.jpg", quality=60)
            other = Image.open(tmp_path / "again.jpg")
        other.save(textured / "toy/pics/cat/cat-6.png")
    catalog = toy_catalog(toy_dataset(tmp_path, labelled, labels=ANIMALS, tables=NESTED))
    build(data=textured, out=tmp_path / "out", catalog=catalog, jobs=1)
    known: dict[str, Any] = {"subset_of": catalog.subset, "data": textured}
    assert not audit(tmp_path / "out", list(catalog), **known).found.notes["near_leak"]
    report = audit(tmp_path / "out", list(catalog), near=True, **known)
    (note,) = [note for note in report.notes if note.name == "near_leak"]
    assert note.image.endswith("cat-0.png") and "test" in note.detail and report.sound


def test_near_names_the_picture_whose_body_ends_early(world: World, pictures: Path) -> None:
    path = pictures / "toy/pics/cow/cow-1.png"
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    assert "missing_image" not in world.audit(data=pictures).found.counts
    (fault,) = [fault for fault in world.audit(data=pictures, near=True).faults if fault.name == "missing_image"]
    assert fault.image == "med-mat/toy/pics/cow/cow-1.png" and fault.line


def test_a_picture_that_is_gone_is_named(world: World, pictures: Path) -> None:
    (pictures / "toy/pics/cow/cow-1.png").unlink()
    assert "picture_unknown" in world.audit(data=pictures).found.counts
    shutil.rmtree(pictures / "marks")
    report = world.audit(data=pictures)
    assert any("no folder 'marks'" in said for said in report.unseen)


def test_two_jobs_find_what_one_finds(world: World) -> None:
    one, two = world.audit(data=True, near=True), world.audit(data=True, near=True, jobs=2)
    assert one.found.kept == two.found.kept


# -- strangers' files ----------------------------------------------------------------------------------------

STRANGE: list[Any] = [
    None,
    True,
    [],
    {},
    "",
    -1,
    10**400,
    1e400,
    "\ud800",
    [[[]]],
    {"a": {"b": []}},
    "../../etc/passwd",
]


def mangled(value: Any, dice: random.Random) -> Any:
    """The value with one thing in it exchanged, left out or added."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        key = dice.choice(sorted(value))
        kind = dice.randrange(8)
        if kind == 0:
            return {k: v for k, v in value.items() if k != key}
        if kind == 1:
            return {**value, "new": dice.choice(STRANGE)}
        return {**value, key: mangled(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.9:
        at = dice.randrange(len(value))
        return [*value[:at], *([] if dice.random() < 0.1 else [mangled(value[at], dice)]), *value[at + 1 :]]
    return dice.choice(STRANGE)


@pytest.mark.parametrize(
    "name", ["manifest.json", "records", "Original_Medical_Datasets", "Aggregated_Subsets", "problems"]
)
def test_no_json_whatever_makes_the_audit_fail(name: str, world: World, forged: Forged) -> None:
    dice = random.Random(name)
    paths = {
        "manifest.json": forged.out / "manifest.json",
        "records": forged.path("marks"),
        "Original_Medical_Datasets": forged.out / "Original_Medical_Datasets/Ori--toy-train.json",
        "Aggregated_Subsets": forged.out / "Aggregated_Subsets/Subset--1000-train.json",
        "problems": forged.out / "problems.jsonl",
    }
    path = paths[name]
    text = path.read_text("utf-8") or json.dumps({"level": "note", "dataset": "toy", "file": "", "row": 1}) + "\n"
    for _ in range(12):
        if path.suffix == ".jsonl":
            lines = text.splitlines()
            at = dice.randrange(len(lines))
            lines[at] = json.dumps(mangled(json.loads(lines[at]), dice))
            path.write_text("\n".join(lines) + "\n")
        else:
            path.write_text(json.dumps(mangled(json.loads(text), dice)))
        report = world.audit(forged.out)
        assert not report.sound
        json.dumps(report.as_json())
        assert all(str(fault) for fault in report.found.kept)


@pytest.mark.parametrize(
    "raw", [b"", b"[" * 100_000, b"\xff\xfe", b"9" * 10_000, b'{"a":' * 50_000, b"null", b"{}\n{}"]
)
@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "records/Ori--toy-train.jsonl",
        "problems.jsonl",
        "Original_Medical_Datasets/Ori--toy-train.json",
    ],
)
def test_no_bytes_whatever_make_the_audit_fail(name: str, raw: bytes, world: World, forged: Forged) -> None:
    before = (forged.out / name).read_bytes()
    (forged.out / name).write_bytes(raw)
    report = world.audit(forged.out)
    assert not report.sound or raw == before
    json.dumps(report.as_json())


# -- guessers ------------------------------------------------------------------------------------------------


def asked(count: int, told: Callable[[random.Random], tuple[tuple[str, ...], int]], seed: int = 0) -> Asked:
    dice, some = random.Random(seed), Asked()
    for number in range(count):
        options, slot = told(dice)
        some.add(options, slot, options[slot], "Which?", str(number), (0, 0), bare=True)
    return some


def shuffled(dice: random.Random, right: str, wrong: list[str]) -> tuple[tuple[str, ...], int]:
    options = [right, *wrong]
    dice.shuffle(options)
    return tuple(options), options.index(right)


def test_a_guesser_learns_that_own_labels_are_right_and_foreign_ones_wrong() -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        return shuffled(dice, dice.choice("abcd"), dice.sample("stuvwxyz", 3))

    result = guess(asked(400, told), asked(200, told, 1))
    assert result is not None and result.shares["frequent"] == 1 and result.shares["learned"] > 0.95
    assert result.questions == 200 and "scored on test" in result.how


def test_a_guesser_learns_from_pairs_what_no_option_alone_tells() -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        # every label is right as often as wrong; beside its successor the first is right
        one = dice.randrange(6)
        return shuffled(dice, "abcdef"[one], ["abcdef"[(one + 1) % 6]])

    result = guess(asked(600, told), Asked())
    assert result is not None and result.shares["frequent"] < 0.65 and result.shares["learned"] > 0.95


def test_a_guesser_learns_which_box_was_drawn_by_hand() -> None:
    def box(dice: random.Random, side: float) -> str:
        x, y = dice.uniform(0, 1 - side), dice.uniform(0, 1 - side)
        return f"[{x:.3f}, {y:.3f}, {x + side:.3f}, {y + side:.3f}]"

    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        return shuffled(dice, box(dice, 0.3), [box(dice, dice.choice((0.1, 0.7))) for _ in range(3)])

    result = guess(asked(800, told), asked(200, told, 1))
    assert result is not None and result.shares["learned"] > 0.8 and result.shares["frequent"] < 0.4


def test_nobody_guesses_what_chance_alone_decides() -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        return shuffled(dice, *(lambda some: (some[0], some[1:]))(dice.sample("abcdefgh", 4)))

    for seed in range(5):
        result = guess(asked(500, told, seed), asked(300, told, 100 + seed))
        assert result is not None
        assert all(above(share, result.base, result.questions) > ALPHA / 3 for share in result.shares.values())


def test_inside_rounds_nobody_is_right_more_than_once_a_round() -> None:
    dice, some = random.Random(2), Asked()
    for number in range(200):
        options = tuple(dice.sample("aaabbcdefgh", 4))
        for slot in range(4):
            some.add(options, slot, options[slot], "Which?", f"round {number}", (0, 0), bare=number == 0)
    result = guess(some, Asked())
    assert result is not None and all(share <= 0.25 + 1e-9 for share in result.shares.values())


def test_very_many_questions_are_thinned_out_by_whole_rounds() -> None:
    from medmat_core.audit.blind import MOST

    some = Asked()
    for number in range(MOST // 2):
        for slot in range(4):
            some.add(("a", "b", "c", "d"), slot, "abcd"[slot], "Which?", f"round {number}", (0, 0), bare=True)
    assert MOST / 4 < len(some) <= MOST and some.answers.total() == 2 * MOST
    assert set(Counter(question.fold for question in some.questions).values()) == {4}


# -- chance --------------------------------------------------------------------------------------------------


def test_letters_skewed_by_three_percent_in_4789_are_found() -> None:
    counts = [int(4789 * share) for share in (0.28, 0.24, 0.24, 0.24)]
    p = even(counts)
    assert p is not None and p < ALPHA
    assert significant([Trial("uneven_letters", "", "", p), *[Trial("uneven_letters", "", "", 0.5)] * 10])


def test_chi_squared_is_what_tables_say() -> None:
    for statistic, freedom, p in ((7.815, 3, 0.05), (16.266, 3, 0.001), (20.515, 5, 0.001), (3.841, 1, 0.05)):
        assert math.isclose(chi2_tail(statistic, freedom), p, rel_tol=0.15)


def test_holm_lets_chance_through_once_in_many_tests() -> None:
    trials = [Trial("uneven_letters", "", "", p) for p in (ALPHA / 2, 0.2, 0.3)]
    assert significant(trials[:1]) and not significant(trials)
    assert significant([Trial("uneven_letters", "", "", ALPHA / 4), *trials[1:]])


def test_three_options_exactly_where_the_answer_is_normal_are_found() -> None:
    assert independent({("No finding", 3): 50, ("Mass", 4): 60, ("Cyst", 4): 40}) < ALPHA  # type: ignore[operator]
    p = independent({("No finding", 3): 20, ("No finding", 4): 30, ("Mass", 3): 22, ("Mass", 4): 28})
    assert p is not None and p > 0.1
    assert independent({("Mass", 4): 60}) is None


# -- Med-MAT's files -----------------------------------------------------------------------------------------


def published(
    path: Path, told: Callable[[random.Random], tuple[tuple[str, ...], int]], count: int, *, newer: bool
) -> Path:
    dice, rows = random.Random(4), []
    for number in range(1, count + 1):
        options, slot = told(dice)
        if newer:
            rows.append(
                {
                    "id": f"Subset-06--{number}",
                    "image": f"/data/images/Subset-06--{number}.png",
                    "question": "Which?",
                    "choices": dict(zip("ABCD", options, strict=False)),
                    "caption": options[slot],
                }
            )
        else:
            row = {
                "id": number,
                "captions": [options[slot]],
                "image": f"med-mat/x/{number}.png",
                "question": "Which?",
                "answer": options[slot],
                "options": list(options),
                "answer_index": slot,
                "dataset": {"no": 6, "slug": ""},
            }
            rows.append(medmat_of(row, number))
    path.write_text(json.dumps(rows, indent=4), "utf-8")
    return path


@pytest.mark.parametrize("newer", [False, True])
def test_published_files_of_both_forms_are_guessed_blind(newer: bool, tmp_path: Path) -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        return shuffled(
            dice, dice.choice(("Normal", "Bulging eyes")), dice.sample(["Glaucoma", "Uveitis", "Myopia"], 3)
        )

    name = "Subset-06-train.json" if newer else "ori--06-train.json"
    report = audit(published(tmp_path / name, told, 300, newer=newer))
    assert set(report.found.counts) == {"guessed_blind"} and report.records == 300
    (row,) = report.rows
    assert row.guessed is not None and row.guessed.shares["frequent"] == 1


def test_a_published_file_whose_number_of_options_tells_the_answer_is_named(tmp_path: Path) -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        right = dice.choice(("No finding", "Mass", "Cyst", "Edema"))
        others = [name for name in ("No finding", "Mass", "Cyst", "Edema") if name != right]
        return shuffled(dice, right, others[:2] if right == "No finding" else others)

    counts = audit(published(tmp_path / "ori--61-train.json", told, 400, newer=False)).found.counts
    assert {"options_tell", "guessed_blind"} == set(counts)


@pytest.mark.parametrize(
    ("edit", "name"),
    [
        ({"Answer-choice": "D"}, "answer_letter"),
        ({"Answer": "Gnu"}, "answer_missing"),
        ({"Question-choice": "Which?\nA: Cat\nB: cat.\n" + CLOSING_LINE}, "options_alike"),
        ({"Question-choice": "Which?\nA: Cat\n" + CLOSING_LINE}, "options_count"),
        ({"image": "med-mat/x/2.png"}, "duplicate_record"),
    ],
)
def test_a_fault_in_a_published_file_is_named(edit: Json, name: str, tmp_path: Path) -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        return ("Cat", "Dog", "Cow"), 0

    path = published(tmp_path / "ori--06-train.json", told, 3, newer=False)
    rows = json.loads(path.read_text())
    rows[0].update(edit)
    path.write_text(json.dumps(rows))
    assert name in audit(path).found.counts


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[1]", "keys"),
        ('[{"id": 1}]', "keys"),
        ('[{"id": 1, "image": "x.png", "question": "Which?", "choices": 4, "caption": "Cat"}]', "keys"),
        ("[{", "bad_json"),
        ("{", "bad_json"),
    ],
)
def test_a_published_file_of_no_form_is_named(text: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "ori--06-train.json").write_text(text)
    report = audit(tmp_path)
    assert name in {fault.name for fault in report.found.kept} and report.verdict.endswith(("1 note", "in 1 kind"))


def test_a_published_picture_in_train_and_test_is_a_leak(tmp_path: Path) -> None:
    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        return ("Cat", "Dog", "Cow"), 0

    for part in ("train", "test"):
        published(tmp_path / f"ori--06-{part}.json", told, 3, newer=False)
    report = audit(tmp_path)
    assert report.found.counts == {"picture_leak": 3} and report.rows[0].leaks == 3
    assert report.rows[0].wrong is None and any(
        "true distractors were not looked for" in said for said in report.unseen
    )


def test_nothing_to_audit_is_a_bad_argument(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        audit(tmp_path / "none")
    with pytest.raises(UsageError, match="nothing to audit"):
        audit(tmp_path)


# -- records in memory, and the command ----------------------------------------------------------------------


def test_records_in_memory_are_judged_like_files(world: World) -> None:
    records = [record for path in (world.out / "records").glob("*.jsonl") for record in read_records(path)]
    cards = [dataset.card for dataset in world.catalog]
    assert check_records(records, cards, subset_of=world.catalog.subset) == []
    wrong: list[Record] = [record for record in records if record.round != records[0].round or record is records[0]]
    assert "round_size" in {fault.name for fault in check_records(wrong, cards, subset_of=world.catalog.subset)}


def test_the_command_gives_the_verdict_first_and_prints_no_noise_of_small_builds(
    world: World, forged: Forged, capsys: pytest.CaptureFixture[str]
) -> None:
    from medmat_core.cli import run

    assert run(["audit", str(world.out)]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].endswith("records in 22 files: sound, 6 notes")
    assert "guess" not in printed
    forged.edit("toy", lambda rows: first(rows, size=4).update(id=77))
    assert run(["audit", str(forged.out)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "faults in" in lines[0] and any("records/Ori--toy-train.jsonl:" in line for line in lines)
    assert run(["audit", str(forged.out), "--json"]) == 1
    body = json.loads(capsys.readouterr().out)
    assert body["faults"]["ids"] == 1 and not body["sound"]
    example = next(one for one in body["examples"] if one["name"] == "ids")
    assert example["line"] and example["key"] and example["image"]
    assert run(["audit", str(world.out), "--near"]) == 2


def test_the_command_explains_every_column_of_its_tables_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from medmat_core.cli import run

    def told(dice: random.Random) -> tuple[tuple[str, ...], int]:
        return shuffled(dice, *(lambda some: (some[0], some[1:]))(dice.sample(["Cat", "Dog", "Cow", "Eel"], 4)))

    path = published(tmp_path / "ori--06-train.json", told, 300, newer=False)
    assert run(["audit", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("300 records in 1 file: sound")
    head = next(line for line in lines if line.startswith("data set"))
    for title in ("asked", "chance", "majority", "frequent", "list", "learned", "with size", "true", "leaks", "copies"):
        assert title in head and sum(line.startswith(f"  {title} ") for line in lines) == 1


# -- all examples --------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_no_fault_is_named_on_a_build_of_all_examples(seed: int, tmp_path: Path) -> None:
    from medmat_core import build, load_catalog
    from medmat_core.samples import write_example

    catalog = load_catalog()
    if len({dataset.no for dataset in catalog if dataset.no is not None}) < 109:
        pytest.skip("needs all eleven plugin packages installed")
    for dataset in catalog:
        write_example(dataset.card, tmp_path / "med-mat")
    build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=catalog, jobs=1, seed=seed)
    report = audit(tmp_path / "out", list(catalog), subset_of=catalog.subset, data=tmp_path / "med-mat")
    assert report.found.counts == {}, [str(fault) for fault in report.faults[:10]]


def test_keys_are_those_of_names_in_composed_form_whatever_the_disk_says(tmp_path: Path) -> None:
    import unicodedata

    from medmat_core import build
    from tests.toy import picture, toy_catalog, toy_dataset

    name = unicodedata.normalize("NFD", "M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller")
    for number in range(8):
        picture(tmp_path / "med-mat/toy/pics" / ("cat", "dog")[number % 2] / f"{name} {number}.png", 50 + number)
    catalog = toy_catalog(toy_dataset(tmp_path, labels={"cat": "Cat", "dog": "Dog"}))
    build(data=tmp_path / "med-mat", out=tmp_path / "out", catalog=catalog, jobs=1)
    report = audit(tmp_path / "out", list(catalog), subset_of=catalog.subset, data=tmp_path / "med-mat")
    assert report.faults == [] and report.records >= 8
