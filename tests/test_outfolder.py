"""Nothing that medmat did not write is removed or overwritten, and what stands in OUT is never lost."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from medmat_core import build, load_catalog
from medmat_core.catalog import Catalog
from medmat_core.errors import BuildError, MedmatError, UsageError
from medmat_core.fileio import sha256_of
from medmat_core.pipeline import outfolder, placing
from medmat_core.pipeline.finished import Finished, sealed, state_path
from medmat_core.pipeline.outfolder import WORK, OutFolder
from medmat_core.pipeline.placing import Plan, Step, carry_out
from medmat_core.records import Built
from tests.outside import medmat, tree_bytes
from tests.toy import picture, toy_catalog, toy_dataset

MINE = b"mine, and nobody else's"
SLUGS = ("one", "two", "six")
BOTH = ("medmat", "jsonl")


@pytest.fixture
def zoos(tmp_path: Path) -> tuple[Path, Catalog]:
    """Data sets 'one', 'two' and 'six' of class folders in one subset; 'six' shares four pictures with 'one'."""
    data = tmp_path / "med-mat"
    for place, slug in enumerate(SLUGS):
        for shade, name in enumerate(("cat", "dog", "cow")):
            for number in range(6):
                picture(data / slug / "pics" / name / f"{number}.png", 900 * place + 100 * shade + number)
    for number in range(4):
        shutil.copyfile(data / f"one/pics/cat/{number}.png", data / f"six/pics/cat/{number}.png")
    return data, toy_catalog(*(toy_dataset(tmp_path, slug=slug, folder=slug) for slug in SLUGS))


@pytest.fixture
def lone(tmp_path: Path) -> tuple[Path, Catalog]:
    """One data set, 'toy'."""
    data = tmp_path / "med-mat"
    for shade, name in enumerate(("cat", "dog", "cow")):
        for number in range(6):
            picture(data / "toy/pics" / name / f"{number}.png", 100 * shade + number)
    return data, toy_catalog(toy_dataset(tmp_path))


def run(data: Path, out: Path, catalog: Catalog, *names: str, **options: Any) -> dict[str, bytes]:
    options = {"jobs": 1, "formats": BOTH, **options}
    build(names, data=data, out=out, catalog=catalog, **options)
    return tree_bytes(out)


def put(path: Path, raw: bytes = MINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


# -- a stranger's file at a name that a build needs ---------------------------------------------------------------

NEEDED = [
    "manifest.json",
    "problems.jsonl",
    "records/Ori--toy-train.jsonl",
    "records/Ori--toy-test.jsonl",
    "Original_Medical_Datasets/Ori--toy-train.json",
    "Aggregated_Subsets/Subset--1000-train.json",
    "Aggregated_Subsets/Subset--1000-test.json",
    ".medmat/toy.state",
    "rendered/toy/pics/cat/0.png",
    ".medmat-work/notes.txt",
]
ALIKE = [
    "records/ORI--TOY-TRAIN.jsonl",
    "Original_Medical_Datasets/ori--toy-train.json",
    "Aggregated_Subsets/subset--1000-train.json",
    "Manifest.json",
    "PROBLEMS.JSONL",
]
BESIDE = [
    "notes.txt",
    ".manifest.json.4711.part",
    ".Ori--toy-train.jsonl.1.part",
    "images/toy/own.png",
    "records/mine.jsonl",
    "records/.Ori--toy-train.jsonl.4711.part",
    "Original_Medical_Datasets/Ori--mine-train.json",
    "Aggregated_Subsets/Subset--9999-train.json",
    ".medmat/mine.state",
    "rendered/mine.png",
    "rendered/toy-two/own.png",
    "rendered/toy/notes.txt",
    "new/records/Ori--toy-train.jsonl.new",
    "med-mat/toy/notes.txt",
]


@pytest.mark.parametrize("name", NEEDED + ALIKE)
def test_a_strangers_file_of_a_name_that_is_needed_is_found_before_work_starts(
    lone: tuple[Path, Catalog], tmp_path: Path, name: str
) -> None:
    data, catalog = lone
    out = tmp_path / "out"
    put(out / name)
    before = tree_bytes(out)
    with pytest.raises(UsageError) as stop:
        run(data, out, catalog)
    told = str(stop.value)
    assert stop.value.exit_code == 2 and "give another --out" in told and "\n" not in told
    assert Path(name).name in told and tree_bytes(out) == before


@pytest.mark.parametrize("name", NEEDED)
def test_a_folder_in_the_place_of_a_file_is_told_and_stays(
    lone: tuple[Path, Catalog], tmp_path: Path, name: str
) -> None:
    data, catalog = lone
    put(tmp_path / "out" / name / "inside.png")
    before = tree_bytes(tmp_path / "out")
    with pytest.raises(UsageError, match="give another --out"):
        run(data, tmp_path / "out", catalog)
    assert tree_bytes(tmp_path / "out") == before


@pytest.mark.parametrize(
    "folder", ["records", "Original_Medical_Datasets", "Aggregated_Subsets", ".medmat", ".medmat-work"]
)
def test_a_file_in_the_place_of_a_folder_is_told_and_stays(
    lone: tuple[Path, Catalog], tmp_path: Path, folder: str
) -> None:
    data, catalog = lone
    put(tmp_path / "out" / folder)
    with pytest.raises(UsageError, match="not written by medmat"):
        run(data, tmp_path / "out", catalog)
    assert tree_bytes(tmp_path / "out") == {folder: MINE}


@pytest.mark.parametrize("name", NEEDED[:9])
@pytest.mark.parametrize("whole", [True, False])
def test_a_link_in_the_place_of_a_file_is_told_and_what_it_leads_to_stays(
    lone: tuple[Path, Catalog], tmp_path: Path, name: str, whole: bool
) -> None:
    data, catalog = lone
    target = put(tmp_path / "precious") if whole else tmp_path / "nowhere"
    link = tmp_path / "out" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    with pytest.raises(UsageError, match="give another --out"):
        run(data, tmp_path / "out", catalog)
    assert link.is_symlink() and target.exists() == whole
    assert not whole or target.read_bytes() == MINE


@pytest.mark.parametrize("again", [False, True])
def test_files_of_other_names_stay_beside_a_build_and_beside_the_next(
    lone: tuple[Path, Catalog], tmp_path: Path, again: bool
) -> None:
    data, catalog = lone
    out = tmp_path  # as by default: the parent of --data
    for name in BESIDE:
        put(out / name)
    for _ in range(1 + again):
        run(data, out, catalog)
    assert {name: (out / name).read_bytes() for name in BESIDE} == dict.fromkeys(BESIDE, MINE)
    assert (out / "manifest.json").exists() and not (out / WORK).exists()


# -- a file that somebody edited after the build ------------------------------------------------------------------


def test_a_file_edited_after_the_build_is_never_replaced(lone: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = lone
    out = tmp_path / "out"
    made = run(data, out, catalog)
    names = [name for name in made if not name.endswith("/")]
    assert len(names) >= 8
    for name in names:
        (out / name).unlink()  # it may have a second name
        put(out / name, made[name] + b" ")
        before = tree_bytes(out)
        with pytest.raises(UsageError, match="changed since medmat wrote it") as stop:
            run(data, out, catalog)
        assert tree_bytes(out) == before and (name in str(stop.value) or name == "manifest.json"), name
        put(out / name, made[name])
    assert run(data, out, catalog) == made


def test_an_edited_record_of_another_data_set_is_not_merged_into_a_subset(
    zoos: tuple[Path, Catalog], tmp_path: Path
) -> None:
    data, catalog = zoos
    out = tmp_path / "out"
    run(data, out, catalog, "one")
    file = out / "Original_Medical_Datasets/Ori--one-train.json"
    raw = file.read_bytes()
    file.unlink()  # it has a second name: the subset of one member
    file.write_bytes(raw.replace(b"Cat", b"Rat"))
    before = tree_bytes(out)
    with pytest.raises(UsageError, match=r"Ori--one-train\.json: changed since medmat wrote it"):
        run(data, out, catalog, "two")
    assert {name: raw for name, raw in tree_bytes(out).items() if not name.startswith(WORK)} == before


def test_a_manifest_of_medmat_that_was_edited_is_not_replaced(lone: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = lone
    out = tmp_path / "out"
    run(data, out, catalog)
    body = json.loads((out / "manifest.json").read_text())
    for change in ({"note": "mine"}, {"files": {}}, {"sha256": "0" * 64}, {"sha256": 7}, {"datasets": [{}]}):
        text = json.dumps({**body, **change})
        (out / "manifest.json").write_text(text)
        with pytest.raises(UsageError, match=r"manifest\.json: changed since medmat wrote it"):
            run(data, out, catalog)
        assert (out / "manifest.json").read_text() == text


@pytest.mark.parametrize("path", ["../precious", "/precious", "records/../../precious", ".", ""])
def test_a_manifest_that_names_what_lies_elsewhere_is_no_manifest(
    lone: tuple[Path, Catalog], tmp_path: Path, path: str
) -> None:
    data, catalog = lone
    out = tmp_path / "out"
    precious = put(tmp_path / "precious")
    run(data, out, catalog)
    body = json.loads((out / "manifest.json").read_text())
    del body["sha256"]
    body["files"][path] = sha256_of(precious)
    (out / "manifest.json").write_text(sealed(body))
    with pytest.raises(UsageError, match="not written by medmat build"):
        run(data, out, catalog)
    assert precious.read_bytes() == MINE


def test_a_file_edited_while_the_build_runs_is_found_before_anything_moves(
    lone: tuple[Path, Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, catalog = lone
    out = tmp_path / "out"
    run(data, out, catalog)
    picture(data / "toy/pics/cat/9.png", 77)
    commit = OutFolder.commit

    def late(place: OutFolder, files: Any) -> None:
        put(out / "records/Ori--toy-train.jsonl")
        commit(place, files)

    monkeypatch.setattr(OutFolder, "commit", late)
    before = tree_bytes(out)
    with pytest.raises(UsageError, match="changed since medmat wrote it"):
        run(data, out, catalog)
    after = {name: raw for name, raw in tree_bytes(out).items() if not name.startswith(WORK)}
    assert after == {**before, "records/Ori--toy-train.jsonl": MINE}


# -- OUT and --data -----------------------------------------------------------------------------------------------

FOLDERS = ["records", "Original_Medical_Datasets", "Aggregated_Subsets", "rendered", "rendered/toy", ".medmat"]


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("inner", ["", "deeper"])
def test_data_that_a_record_folder_would_meet_are_left_alone(
    lone: tuple[Path, Catalog], tmp_path: Path, folder: str, inner: str
) -> None:
    data, catalog = lone
    there = tmp_path / "out" / folder / inner
    there.parent.mkdir(parents=True, exist_ok=True)
    data.rename(there)
    before = tree_bytes(tmp_path / "out")
    with pytest.raises(UsageError, match="would meet the data"):
        run(there, tmp_path / "out", catalog)
    assert tree_bytes(tmp_path / "out") == before


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("inner", ["", "toy", "toy/pics"])
def test_a_folder_of_out_that_is_a_link_into_the_data_is_refused(
    lone: tuple[Path, Catalog], tmp_path: Path, folder: str, inner: str
) -> None:
    data, catalog = lone
    link = tmp_path / "out" / folder
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(data / inner)
    before = tree_bytes(data)
    with pytest.raises(UsageError, match="would meet the data"):
        run(data, tmp_path / "out", catalog)
    assert tree_bytes(data) == before


def test_data_that_a_link_of_theirs_brings_into_out_are_left_alone(lone: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = lone
    real = tmp_path / "out/rendered/toy"
    real.parent.mkdir(parents=True)
    (data / "toy").rename(real)
    (data / "toy").symlink_to(real)
    before = tree_bytes(tmp_path / "out")
    with pytest.raises(UsageError, match="would meet the data"):
        run(data, tmp_path / "out", catalog)
    assert tree_bytes(tmp_path / "out") == before


def test_a_record_folder_that_is_a_link_to_another_place_is_written_through(
    lone: tuple[Path, Catalog], tmp_path: Path
) -> None:
    data, catalog = lone
    out = tmp_path / "out"
    out.mkdir()
    other = put(tmp_path / "big disk/mine.txt").parent
    (out / "records").symlink_to(other)
    run(data, out, catalog)
    run(data, out, catalog)
    assert (out / "records").is_symlink() and (other / "mine.txt").read_bytes() == MINE
    assert (other / "Ori--toy-train.jsonl").is_file()


def test_a_link_to_another_disk_is_written_through_too(
    lone: tuple[Path, Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, catalog = lone
    expected = run(data, tmp_path / "near", catalog)

    def far(call: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        def step(source: Any, target: Any) -> None:
            if WORK in str(source) and WORK not in str(target):
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            call(source, target)

        return step

    for name in ("link", "replace"):
        monkeypatch.setattr(placing.os, name, far(getattr(os, name)))
    assert run(data, tmp_path / "far", catalog) == expected
    picture(data / "toy/pics/cat/9.png", 77)
    made = run(data, tmp_path / "far", catalog)
    assert made != expected and not [name for name in made if name.endswith(".part")]


def test_a_disk_without_second_names_is_written_all_the_same(
    lone: tuple[Path, Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, catalog = lone
    expected = run(data, tmp_path / "one", catalog)

    def never(source: Any, target: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", never)
    assert run(data, tmp_path / "two", catalog) == expected


def test_samples_at_out_images_keep_their_masks(tmp_path: Path) -> None:
    if "m2caiseg" not in {dataset.slug for dataset in load_catalog()}:
        pytest.skip("needs the plugin of m2caiseg")
    assert medmat("sample", "94", "--to", tmp_path / "images").returncode == 0
    before = tree_bytes(tmp_path / "images")
    done = medmat("build", "--data", tmp_path / "images", "--out", tmp_path, "--jobs", 1, "--quiet")
    assert done.returncode in (0, 1), done.stderr
    again = medmat("build", "--data", tmp_path / "images", "--out", tmp_path, "--jobs", 1, "--quiet")
    assert again.returncode == done.returncode
    assert tree_bytes(tmp_path / "images") == before


# -- adding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [SLUGS, SLUGS[::-1], ("two", "six", "one")])
def test_one_by_one_equals_all_at_once(zoos: tuple[Path, Catalog], tmp_path: Path, order: tuple[str, ...]) -> None:
    data, catalog = zoos
    (data / "two/pics/cat/0.png").write_bytes(b"no picture")  # so that there are problems
    whole = run(data, tmp_path / "whole", catalog)
    for slug in order:
        made = run(data, tmp_path / "out", catalog, slug)
    assert made == whole
    removed = json.loads(whole["manifest.json"])["subset_removals"]
    assert sorted(Path(removal["image"]).name for removal in removed) == [f"{n}.png" for n in range(4)]
    assert b'"two"' in whole["problems.jsonl"]


def test_two_formats_then_one_is_still_two(zoos: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = zoos
    run(data, tmp_path / "out", catalog, "one")
    run(data, tmp_path / "out", catalog, "two", formats=("medmat",))
    assert tree_bytes(tmp_path / "out") == run(data, tmp_path / "whole", catalog, "one", "two")


def test_a_data_set_that_stands_is_built_anew_and_its_old_records_go(
    zoos: tuple[Path, Catalog], tmp_path: Path
) -> None:
    data, catalog = zoos
    out = tmp_path / "out"
    run(data, out, catalog)
    for name in ("cat", "dog"):
        for file in (data / "two/pics" / name).iterdir():
            file.unlink()
    run(data, out, catalog, "two")
    assert tree_bytes(out) == run(data, tmp_path / "afresh", catalog)


def test_a_data_set_of_another_subset_is_left_out_where_its_group_is_test(tmp_path: Path) -> None:
    """What one subset may hold hangs on what is test in every other."""
    from medmat_core.pipeline.state import About, State
    from medmat_core.pipeline.subsets import removals
    from medmat_core.splits import Decision

    class Named(State):
        def names(self, places: Any) -> dict[int, tuple[str, str]]:
            return dict.fromkeys(places, (f"{self.about.slug}.png", ""))

    found = []
    for slug, subset, part in (("a", 1000, Decision.TEST), ("b", 1001, Decision.TRAIN)):
        one = Named(About(slug, 0, subset, "single-label", "", "", {}, ((("Cat",), (), ()),)), tmp_path / slug)
        one.parts.append(part)
        one.groups.append(77)
        one.marks.append(0)
        one.labels.append(0)
        found.append(one)
    (gone,) = removals(found, tmp_path)
    assert (gone.subset, gone.no, gone.image) == (1001, "b", "b.png") and "test in a" in gone.reason


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"seed": 5}, "--seed 0, this build has 5"),
        ({"test_fraction": 0.4}, "--test-fraction 0.15, this build has 0.4"),
        ({"max_per_label": 3}, "--max-per-label unset, this build has 3"),
        ({"verify": "full"}, "--verify header, this build has full"),
        ({"split": "none"}, "--split official, this build has none"),
        ({"box_format": "pixel"}, "--box-format unit, this build has pixel"),
    ],
)
def test_other_arguments_than_those_of_what_stands_are_refused(
    zoos: tuple[Path, Catalog], tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    data, catalog = zoos
    before = run(data, tmp_path / "out", catalog, "one")
    for names in (("two",), ("one",)):
        with pytest.raises(UsageError, match=told) as stop:
            run(data, tmp_path / "out", catalog, *names, **options)
        assert stop.value.exit_code == 2
    assert tree_bytes(tmp_path / "out") == before


def test_every_build_has_records_and_medmats_own_form_so_that_any_may_be_added_to(
    zoos: tuple[Path, Catalog], tmp_path: Path
) -> None:
    data, catalog = zoos
    run(data, tmp_path / "out", catalog, "one", formats=("medmat",))
    run(data, tmp_path / "out", catalog, "two", formats=())
    assert run(data, tmp_path / "out", catalog, "six") == run(data, tmp_path / "whole", catalog)


def test_another_version_of_medmat_adds_nothing_to_what_stands(
    zoos: tuple[Path, Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, catalog = zoos
    run(data, tmp_path / "out", catalog, "one")
    monkeypatch.setattr("medmat_core.__version__", "99.0")
    with pytest.raises(UsageError, match=r"one there was built by medmat_core .*, this is 99\.0"):
        run(data, tmp_path / "out", catalog, "two")
    run(data, tmp_path / "out", catalog, "one")
    assert json.loads((tmp_path / "out/manifest.json").read_text())["versions"]["medmat_core"] == "99.0"


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "flipped", "older"])
def test_a_state_that_is_missing_or_damaged_asks_to_build_its_data_set_again(
    zoos: tuple[Path, Catalog], tmp_path: Path, damage: str
) -> None:
    data, catalog = zoos
    out = tmp_path / "out"
    run(data, out, catalog, "one")
    state = out / state_path("one")
    raw = state.read_bytes()
    state.unlink()
    if damage != "missing":
        changed = {
            "empty": b"", "cut": raw[:-9], "flipped": raw.replace(b"pics", b"pigs"),
            "older": raw.replace(b'"version": 1', b'"version": 0'),
        }  # fmt: skip
        state.write_bytes(changed[damage])
    with pytest.raises(UsageError, match=r"state of one is missing or damaged .* build one anew in the same command"):
        run(data, out, catalog, "two")
    state.unlink(missing_ok=True)
    assert run(data, out, catalog, "one", "two") == run(data, tmp_path / "whole", catalog, "one", "two")


def test_pictures_that_may_be_equal_and_are_gone_are_told(zoos: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = zoos
    out = tmp_path / "out"
    run(data, out, catalog, "one")
    (data / "one/pics/cat/0.png").unlink()
    with pytest.raises(UsageError, match=r"0\.png: gone or changed since one was built"):
        run(data, out, catalog, "six")
    run(data, out, catalog, "two")  # shares none, so nothing is asked of what is gone


def test_a_data_set_whose_rows_are_all_removed_writes_no_subset_file(tmp_path: Path) -> None:
    data = tmp_path / "med-mat"
    for shade, name in enumerate(("cat", "dog", "cow")):
        for number in range(6):
            picture(data / "one/pics" / name / f"{number}.png", 100 * shade + number)
    shutil.copytree(data / "one", data / "two")
    catalog = toy_catalog(*(toy_dataset(tmp_path, slug=slug, folder=slug) for slug in ("one", "two")))
    made = run(data, tmp_path / "out", catalog, "one", split="none")
    both = run(data, tmp_path / "out", catalog, "two", split="none")
    subset = "Aggregated_Subsets/Subset--1000-train.json"
    assert both[subset] == made[subset]
    assert "Aggregated_Subsets/Subset--1000-test.json" not in both
    assert "Original_Medical_Datasets/Ori--two-test.json" not in both


def test_a_state_does_not_hang_on_the_order_in_which_pictures_come(tmp_path: Path) -> None:
    from array import array

    from medmat_core.pipeline.state import About, State, StateWriter

    sets: list[Any] = [(("Cat",), (), ()), (("Dog",), ("Cow",), ()), ((), (), ("Cat",))]
    pictures = [(f"d/{number:05d}\n.png", "vol.nii#0003" * (number % 3 == 0), number) for number in range(6000)]

    def written(name: str, order: list[Any], shard: int, numbers: list[int]) -> tuple[State, bytes]:
        label_sets = tuple(sets[number] for number in numbers)
        writer = StateWriter.create(tmp_path / name, About("x", 7, 3, "mask", "", "d/", {"same": []}, label_sets))
        for at in range(0, len(order), shard):
            writer.images([(image, source) for image, source, _ in order[at : at + shard]])
        ids = [number for _, _, number in order]
        writer.columns(
            parts=bytes(number % 3 for number in ids), groups=array("Q", (number << 40 for number in ids)),
            marks=array("Q", ids), labels=array("I", (numbers.index(number % 3) for number in ids)),
        )  # fmt: skip
        return State.read(tmp_path / name, writer.finish(), "x"), (tmp_path / name).read_bytes()

    one, first = written("a", pictures, 6000, [0, 1, 2])
    two, second = written("b", pictures[::-1], 7, [2, 0, 1])
    assert first == second and len(one) == 6000
    for place in (0, 1, 2499, 2500, 5999):
        assert two.names([place]) == {
            place: (pictures[place][0], "d/vol.nii" if place % 3 == 0 else pictures[place][0])
        }
        assert two.about.label_sets[two.labels[place]] == sets[place % 3] and two.marks[place] == place
        assert two.parts[place] == place % 3 and two.groups[place] == place << 40
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".spool"] == []


# -- killed -------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """What no build catches."""


def killing(patch: pytest.MonkeyPatch, number: int) -> Callable[[], bool]:
    """Kill at the ``number``-th step of all that touches a file of OUT's; tells whether it came to that."""
    left = [number]

    def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **settings: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return call(*arguments, **settings)

        return step

    for name in ("link", "replace", "rename"):
        patch.setattr(os, name, deadly(getattr(os, name)))
    for name in ("unlink", "rename", "rmdir"):
        patch.setattr(Path, name, deadly(getattr(Path, name)))
    return lambda: left[0] < 0


def kills(build_it: Callable[[], object], afterwards: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> int:
    """Kill a build at its first step, its second, ... until it comes through; how many there were."""
    number = 0
    while True:
        with monkeypatch.context() as patch:
            killed = killing(patch, number)
            with contextlib.suppress(Killed):
                build_it()
            if not killed():
                return number
        afterwards()
        number += 1


@pytest.mark.slow
def test_a_build_killed_at_any_step_loses_nothing_and_the_next_ends_the_same(
    zoos: tuple[Path, Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, catalog = zoos
    start, out = tmp_path / "start", tmp_path / "out"
    one = run(data, start, catalog, "one")
    put(start / "mine.txt")
    put(start / "records/mine.jsonl")
    whole = run(data, tmp_path / "whole", catalog, "one", "six")
    mine = {"mine.txt": MINE, "records/mine.jsonl": MINE}
    kept = [name for name in one if "one" in name]
    assert len(kept) >= 4
    resume = [False]

    def fresh() -> None:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(start, out)

    def adding() -> None:
        fresh()
        run(data, out, catalog, "six")

    def check() -> None:
        left = tree_bytes(out)
        assert {name: left[name] for name in kept} == {name: one[name] for name in kept}
        assert left["manifest.json"] in (one["manifest.json"], whole["manifest.json"])
        resume[0] = not resume[0]
        assert run(data, out, catalog, "six", resume=resume[0]) == {**whole, **mine}

    assert kills(adding, check, monkeypatch) > 25


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["six", "one"])
def test_after_a_build_that_was_killed_at_any_step_another_finds_all_of_it_or_nothing(
    zoos: tuple[Path, Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slug: str
) -> None:
    data, catalog = zoos
    start, out = tmp_path / "start", tmp_path / "out"
    run(data, start, catalog, "one")
    ends = [run(data, tmp_path / "without", catalog, "one", "two")]
    if slug == "one":  # it stands, and is built anew from other data
        for number in range(6):
            (data / f"one/pics/cow/{number}.png").unlink()
    ends.append(run(data, tmp_path / "with", catalog, "one", "two", *{slug}))
    assert ends[0] != ends[1]
    seen = set()

    def killed_build() -> None:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(start, out)
        run(data, out, catalog, slug)

    def check() -> None:
        made = run(data, out, catalog, "two")
        assert made in ends
        seen.add(ends.index(made))

    kills(killed_build, check, monkeypatch)
    assert seen == {0, 1}


def stopped_before_its_plan_is_done(data: Path, out: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An OUT with "one" in it, where the build of "two" ended as it was to put its files in place."""
    run(data, out, catalog, "one")
    with monkeypatch.context() as patch:
        patch.setattr(outfolder, "carry_out", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(data, out, catalog, "two")
    return out


def test_a_stranger_that_comes_between_the_plan_and_its_end_is_not_replaced(
    zoos: tuple[Path, Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, catalog = zoos
    out = stopped_before_its_plan_is_done(data, tmp_path / "out", catalog, monkeypatch)
    theirs = put(out / "records/Ori--two-train.jsonl")
    with pytest.raises(UsageError, match=r"Ori--two-train\.jsonl: not written by medmat.*move it elsewhere"):
        run(data, out, catalog, "two")
    assert theirs.read_bytes() == MINE
    theirs.rename(tmp_path / "moved")
    assert run(data, out, catalog, "two") == run(data, tmp_path / "whole", catalog, "one", "two")


def test_a_folder_between_two_builds_is_read_by_nobody(
    zoos: tuple[Path, Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, catalog = zoos
    out = stopped_before_its_plan_is_done(data, tmp_path / "out", catalog, monkeypatch)
    with pytest.raises(UsageError, match=r"putting its files in place.*again"):
        Built.open(out)
    run(data, out, catalog, "two")
    assert {dataset["slug"] for dataset in Built.open(out).manifest["datasets"]} == {"one", "two"}


def test_a_stranger_that_comes_at_the_last_moment_is_not_replaced(tmp_path: Path) -> None:
    work, target = tmp_path / WORK, tmp_path / "records/a"
    put(work / "new/a.new", b"new")
    target.parent.mkdir()
    link = os.link
    plan = Plan(1, (Step("records/a", "x", "", "new/a.new"),))

    def late(source: Any, to: Any) -> None:
        put(target)
        link(source, to)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(placing.os, "link", late)
        with pytest.raises(UsageError, match="in the way"):
            carry_out(plan, work, tmp_path)
    assert target.read_bytes() == MINE and (work / "new/a.new").read_bytes() == b"new"


def test_a_step_removes_only_the_bytes_that_it_names(tmp_path: Path) -> None:
    edited, ours = put(tmp_path / "records/a"), put(tmp_path / "rendered/x/b.png", b"ours")
    (tmp_path / "records/c").symlink_to(ours)
    steps = [Step(name, "", sha256_of(ours), "") for name in ("records/a", "rendered/x/b.png", "records/c")]
    carry_out(Plan(1, tuple(steps)), tmp_path / WORK, tmp_path)
    assert edited.read_bytes() == MINE and not ours.exists() and (tmp_path / "records/c").is_symlink()
    assert not (tmp_path / "rendered").exists() and (tmp_path / "records").is_dir()


@pytest.mark.parametrize("text", ["", "{}", '{"medmat_plan": 1, "pid": 1, "steps": 2}\n', "no plan"])
def test_a_plan_that_is_damaged_is_told_and_nothing_is_done(
    lone: tuple[Path, Catalog], tmp_path: Path, text: str
) -> None:
    data, catalog = lone
    out = tmp_path / "out"
    run(data, out, catalog)
    put(out / WORK / "plan", text.encode())
    before = tree_bytes(out)
    with pytest.raises(BuildError, match="plan: damaged"):
        run(data, out, catalog)
    assert {name: raw for name, raw in tree_bytes(out).items() if not name.endswith("lock")} == before


def test_a_plan_that_leads_elsewhere_is_not_carried_out(lone: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = lone
    out = tmp_path / "out"
    precious = put(tmp_path / "precious")
    Plan(1, (Step("../precious", "", sha256_of(precious), ""),)).write(out / WORK / "plan")
    with pytest.raises(BuildError, match="leads elsewhere"):
        run(data, out, catalog)
    assert precious.read_bytes() == MINE


def test_through_a_link_a_plan_makes_no_file_of_another_name(lone: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = lone
    out, home = tmp_path / "out", tmp_path / "home"
    home.mkdir()
    key = put(out / WORK / "new/a.new", b"a key")
    (out / "records").symlink_to(home)
    Plan(1, (Step("records/authorized_keys", sha256_of(key), "", "new/a.new"),)).write(out / WORK / "plan")
    with pytest.raises(BuildError, match="leads elsewhere"):
        run(data, out, catalog)
    assert list(home.iterdir()) == []


def test_through_a_link_a_manifest_removes_no_file_of_another_name(lone: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = lone
    out, home = tmp_path / "out", tmp_path / "home"
    run(data, out, catalog)
    (out / "records").rename(home)
    (out / "records").symlink_to(home)
    precious = put(home / "precious")
    body = json.loads((out / "manifest.json").read_text("utf-8"))
    body["files"]["records/precious"] = sha256_of(precious)
    (out / "manifest.json").write_text(sealed(body), encoding="utf-8")
    with pytest.raises(UsageError, match="was not written by medmat build"):
        run(data, out, catalog)
    assert precious.read_bytes() == MINE


def test_audit_says_of_a_half_added_folder_that_a_build_is_unfinished(
    zoos: tuple[Path, Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, catalog = zoos
    run(data, tmp_path / "out", catalog, "one")
    with monkeypatch.context() as patch:
        patch.setattr(OutFolder, "commit", lambda self, files: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(data, tmp_path / "out", catalog, "two")
    done = medmat("audit", tmp_path / "out")
    assert done.returncode != 0 and "unfinished" in done.stdout + done.stderr


# -- one build at a time ------------------------------------------------------------------------------------------


def test_two_builds_do_not_share_a_folder(lone: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = lone
    out = tmp_path / "out"
    other = OutFolder(out)
    other.take()
    other.begin({}, slugs=[], needed=[])
    before = tree_bytes(out)
    with pytest.raises(UsageError, match="another medmat build is writing there"):
        run(data, out, catalog)
    assert tree_bytes(out) == before
    other.release()
    run(data, out, catalog)
    assert (out / "manifest.json").exists()


def test_the_lock_of_a_dead_process_is_free(lone: tuple[Path, Catalog], tmp_path: Path) -> None:
    data, catalog = lone
    out = tmp_path / "out"
    code = (
        "import os, sys; from pathlib import Path; from medmat_core.pipeline.outfolder import OutFolder\n"
        "place = OutFolder(Path(sys.argv[1])); place.take(); place.begin({}, slugs=[], needed=[]); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(out)], check=False).returncode == 9
    assert (out / WORK / "lock").exists()
    assert run(data, out, catalog) == run(data, tmp_path / "afresh", catalog)


def test_builds_that_race_for_a_folder_leave_what_some_order_of_them_gives(tmp_path: Path) -> None:
    if not {"ct-kidney", "acrima"} <= {dataset.slug for dataset in load_catalog()}:
        pytest.skip("needs the plugins of ct-kidney and acrima")
    from tests.outside import start

    data = tmp_path / "med-mat"
    assert medmat("sample", "2", "acrima", "--to", data).returncode == 0
    racing = [start("build", name, "--data", data, "--out", tmp_path, "--quiet") for name in ("2", "acrima") * 2]
    codes = [process.wait(120) for process in racing]
    told = [process.communicate()[1] for process in racing]
    assert 0 in codes and set(codes) <= {0, 2}
    assert all(
        "another medmat build" in text or "other medmat builds" in text
        for code, text in zip(codes, told, strict=True)
        if code
    )
    for name in ("2", "acrima"):
        assert medmat("build", name, "--data", data, "--out", tmp_path, "--quiet").returncode == 0
    (tmp_path / "whole").mkdir()
    assert medmat("build", "--data", data, "--out", tmp_path / "whole", "--quiet").returncode == 0
    whole = tree_bytes(tmp_path / "whole")
    assert {name: raw for name, raw in tree_bytes(tmp_path).items() if name in whole} == whole


# -- rendered pictures --------------------------------------------------------------------------------------------


def deep(path: Path, shade: int) -> None:
    """A picture of 16 bits, which is rendered."""
    import cv2
    import numpy as np

    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(shade).integers(0, 60_000, (16, 24)).astype(np.uint16))


@pytest.fixture
def films(tmp_path: Path) -> tuple[Path, Catalog]:
    data = tmp_path / "med-mat"
    for shade, name in enumerate(("cat", "dog", "cow")):
        for number in range(4):
            deep(data / "toy/pics" / name / f"{number}.png", 10 * shade + number)
    return data, toy_catalog(toy_dataset(tmp_path))


def rendered(made: dict[str, bytes]) -> dict[str, bytes]:
    return {name: raw for name, raw in made.items() if name.startswith("rendered/") and not name.endswith("/")}


def test_a_picture_replaced_by_another_of_its_name_and_age_is_rendered_anew(
    films: tuple[Path, Catalog], tmp_path: Path
) -> None:
    data, catalog = films
    out = tmp_path / "out"
    first = rendered(run(data, out, catalog))
    assert len(first) == 12
    file = data / "toy/pics/cat/0.png"
    old = os.stat(file)
    deep(file, 99)
    os.utime(file, ns=(old.st_atime_ns, old.st_mtime_ns - 10**12))
    second = rendered(run(data, out, catalog))
    assert [name for name in first if first[name] != second[name]] == ["rendered/toy/pics/cat/0.png.png"]
    assert tree_bytes(out) == run(data, tmp_path / "afresh", catalog)


def test_building_another_folder_of_equal_names_keeps_none_of_the_first_ones_pictures(
    films: tuple[Path, Catalog], tmp_path: Path
) -> None:
    data, catalog = films
    other = tmp_path / "elsewhere/med-mat"
    for shade, name in enumerate(("cat", "dog", "cow")):
        for number in range(4):
            deep(other / "toy/pics" / name / f"{number}.png", 500 + 10 * shade + number)
            os.utime(other / "toy/pics" / name / f"{number}.png", (1, 1))
    run(data, tmp_path / "out", catalog)
    assert run(other, tmp_path / "out", catalog) == run(other, tmp_path / "afresh", catalog)


def test_pictures_of_equal_source_and_rule_are_not_rendered_again(
    films: tuple[Path, Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medmat_core.images import rendering

    data, catalog = films
    first = run(data, tmp_path / "out", catalog)
    calls = []
    made = rendering.rendered
    monkeypatch.setattr(rendering, "rendered", lambda *a, **k: (calls.append(a), made(*a, **k))[1])
    (data / "toy/pics/dog/1.png").unlink()
    (tmp_path / "out/rendered/toy/pics/cow/2.png.png").unlink()
    second = run(data, tmp_path / "out", catalog)
    assert len(calls) == 1
    assert set(rendered(first)) - set(rendered(second)) == {"rendered/toy/pics/dog/1.png.png"}
    assert second == run(data, tmp_path / "afresh", catalog)


def test_rendered_pictures_of_a_data_set_that_stays_are_not_touched(
    films: tuple[Path, Catalog], tmp_path: Path
) -> None:
    data, _ = films
    deep(data / "two/pics/cat/0.png", 1)
    deep(data / "two/pics/dog/0.png", 2)
    catalog = toy_catalog(toy_dataset(tmp_path), toy_dataset(tmp_path, slug="two", folder="two"))
    first = run(data, tmp_path / "out", catalog, "toy")
    times = {name: os.stat(tmp_path / "out" / name).st_mtime_ns for name in rendered(first)}
    made = run(data, tmp_path / "out", catalog, "two")
    assert times == {name: os.stat(tmp_path / "out" / name).st_mtime_ns for name in times}
    assert made == run(data, tmp_path / "whole", catalog)


def test_a_png_of_somebody_among_the_rendered_ones_is_told_and_stays(
    films: tuple[Path, Catalog], tmp_path: Path
) -> None:
    data, catalog = films
    run(data, tmp_path / "out", catalog)
    for name in ("own.png", "OWN.PNG", "deeper/own.png"):
        own = put(tmp_path / "out/rendered/toy" / name)
        with pytest.raises(UsageError, match=f"{Path(name).name}: not written by medmat"):
            run(data, tmp_path / "out", catalog)
        assert own.read_bytes() == MINE
        own.unlink()
    run(data, tmp_path / "out", catalog)


# -- without asserts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["records/Ori--93-train.jsonl", "manifest.json", "Original_Medical_Datasets/ori--93-train.json"]
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_guards_a_strangers_file_holds_without_asserts(tmp_path: Path, name: str, when: str) -> None:
    if "kvasir-seg" not in {dataset.slug for dataset in load_catalog()}:
        pytest.skip("needs the plugin of kvasir-seg")
    data, out = tmp_path / "med-mat", tmp_path / "out"
    assert medmat("sample", "93", "--to", data).returncode == 0
    code = "from medmat_core.cli import main; main()"
    arguments = ["build", "93", "--data", str(data), "--out", str(out), "--jobs", "1", "--quiet", "--format", "jsonl"]
    arguments += ["--format", "medmat"]
    command = [sys.executable, "-O", "-c", code, *arguments]
    if when == "after":
        assert subprocess.run(command, check=False).returncode == 0
    theirs = put(out / name)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "give another --out" in done.stderr
    assert theirs.read_bytes() == MINE


def test_no_assert_guards_anything_in_what_writes_files() -> None:
    import ast

    from medmat_core import fileio
    from medmat_core.pipeline import finished, state
    from medmat_core.pipeline import rendered as room

    for module in (fileio, outfolder, placing, finished, room, state):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Assert)], module.__name__


# -- what cannot be read or written -------------------------------------------------------------------------------


def test_a_read_only_file_of_medmat_is_replaced_and_a_strangers_is_not(
    lone: tuple[Path, Catalog], tmp_path: Path
) -> None:
    data, catalog = lone
    out = tmp_path / "out"
    run(data, out, catalog)
    (out / "problems.jsonl").chmod(0o444)
    (out / "records/Ori--toy-train.jsonl").chmod(0o444)
    picture(data / "toy/pics/cat/9.png", 77)
    assert run(data, out, catalog) == run(data, tmp_path / "afresh", catalog)
    theirs = put(tmp_path / "other/records/Ori--toy-train.jsonl")
    theirs.chmod(0o444)
    with pytest.raises(UsageError):
        run(data, tmp_path / "other", catalog)
    assert theirs.read_bytes() == MINE


def test_two_pictures_of_one_name_are_told_and_neither_is_lost(tmp_path: Path) -> None:
    place = OutFolder(tmp_path)
    place.add("rendered/toy/a.png", "1" * 64, put(tmp_path / "a"))
    place.add("rendered/toy/a.png", "1" * 64, tmp_path / "a")
    with pytest.raises(UsageError, match="two pictures of one data set"):
        place.add("rendered/toy/a.png", "2" * 64, put(tmp_path / "b"))


def test_nothing_stands_where_no_build_was(tmp_path: Path) -> None:
    assert Finished.read(tmp_path / "nowhere") == Finished()
    assert isinstance(UsageError("x"), MedmatError)


@pytest.fixture(autouse=True)
def _no_trace(tmp_path: Path) -> Iterator[None]:
    """After every test: no build that came to its end left a temporary file."""
    yield
    for manifest in tmp_path.rglob("manifest.json"):
        if not (manifest.parent / WORK).exists():
            assert [p for p in manifest.parent.glob("*/.*.part") if p.read_bytes() != MINE] == []


def test_a_link_under_a_temporary_name_leads_no_bytes_elsewhere(tmp_path: Path) -> None:
    from medmat_core import fileio

    own = tmp_path / "own.txt"
    own.write_text("mine", encoding="utf-8")
    for name, write in (("a", fileio.write_text), ("b", fileio.write_bytes)):
        path = tmp_path / "out" / name
        path.parent.mkdir(exist_ok=True)
        fileio.part_of(path).symlink_to(own)  # the number of a process is easily foretold, in a container say
        write(path, "new" if name == "a" else b"new")  # type: ignore[operator]
        assert not path.is_symlink() and path.read_text("utf-8") == "new"
    assert own.read_text("utf-8") == "mine"
