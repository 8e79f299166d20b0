"""The documentation is true: its commands work, its output is what is printed, its generated pages are current."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import attrs
import pytest

import medmat_core
from medmat_core import card as cards
from medmat_core import example, records
from medmat_core.formats import medmat
from medmat_core.model import REASONS
from tests.docs_blocks import ROOT, StaleBlockError, blocks, run_page, workplace

DOCS = ROOT / "docs"
WRITTEN = [
    ROOT / "README.md",
    *sorted(p for p in DOCS.rglob("*.md") if "<!-- Made by" not in p.read_text("utf-8")[:40]),
]
RUN = [page for page in WRITTEN if blocks(page.read_text("utf-8"))]


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return workplace(tmp_path_factory.mktemp("workplace"))


@pytest.fixture(scope="module")
def make_docs() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "tools" / "make_docs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = before


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_does_what_it_says(page: Path, environment: dict[str, str], tmp_path: Path) -> None:
    fault = ""
    try:
        assert run_page(page.read_text("utf-8"), tmp_path, environment) > 0
    except StaleBlockError as stale:
        fault = str(stale)
    if fault:
        pytest.fail(f"{page.relative_to(ROOT)}: {fault}", pytrace=False)


def test_the_tutorials_and_the_first_page_are_run() -> None:
    names = {page.relative_to(ROOT).as_posix() for page in RUN}
    assert {"README.md", "docs/index.md", "docs/tutorial/classes.md", "docs/tutorial/masks.md"} <= names


def test_a_page_whose_command_fails_or_prints_something_else_is_found(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin"}
    ok = "<!-- run -->\n```sh\necho one two\n```\n\n<!-- output -->\n```text\none ...\n```\n"
    assert run_page(ok, tmp_path, environment) == 1
    for old, new in (("echo", "false"), ("one two", "three"), ("<!-- run -->", "<!-- run exit=1 -->")):
        with pytest.raises(StaleBlockError):
            run_page(ok.replace(old, new, 1), tmp_path, environment)
    with pytest.raises(StaleBlockError, match="marks"):
        blocks("<!-- run -->\n\nno block follows\n")


def test_the_generated_pages_are_current(make_docs: ModuleType) -> None:
    assert make_docs.stale(make_docs.made()) == [], "run: python tools/make_docs.py"


def test_a_stale_page_a_missing_one_and_one_left_over_are_told(make_docs: ModuleType, tmp_path: Path) -> None:
    pages = {"datasets/001-a.md": "a\n", "reference/b.md": "b\n"}
    make_docs.write(pages, tmp_path)
    assert make_docs.stale(pages, tmp_path) == []
    (tmp_path / "reference" / "b.md").write_text("older\n")
    (tmp_path / "datasets" / "002-gone.md").write_text("x")
    (tmp_path / "datasets" / "001-a.md").unlink()
    assert make_docs.stale(pages, tmp_path) == [
        "datasets/001-a.md is missing",
        "reference/b.md is not current",
        "datasets/002-gone.md is left over",
    ]
    make_docs.write(pages, tmp_path)
    assert make_docs.stale(pages, tmp_path) == []


def test_every_row_has_a_page_and_stands_in_both_indexes(make_docs: ModuleType) -> None:
    pages = make_docs.made()
    by_modality, by_subset = pages["datasets/index.md"], pages["datasets/subsets.md"]
    for no in range(1, 110):
        (name,) = (path for path in pages if path.startswith(f"datasets/{no:03d}-"))
        link = f"({name.removeprefix('datasets/')})"
        assert by_modality.count(link) == 1 and by_subset.count(link) == 1
    assert re.findall(r"^## Subset (\d+)$", by_subset, re.MULTILINE) == [str(no) for no in range(1, 54)]


def test_every_card_field_and_every_reason_has_words(make_docs: ModuleType) -> None:
    from docgen import words

    assert list(words.TO_DO) == list(REASONS)
    assert set(words.HEAD) == {field.name for field in attrs.fields(cards.Head)}
    shapes = {
        "counts": cards.Counts, "classes": cards.Classes, "mask": cards.MaskRules, "ignored": cards.Ignored,
        "published": cards.Published, "known": cards.Known, "download": cards.Download, "by_hand": cards.ByHand,
        "verified": cards.Verified,
        "example.pictures": example.ExamplePicture, "example.files": example.ExampleFile,
        "example.expect": example.Expect,
        "citation": cards.Citation,
    }  # fmt: skip
    assert {name: set(told) for name, told in words.TABLES.items()} == {
        name: {field.name for field in attrs.fields(shape)} for name, shape in shapes.items()
    }


def test_every_public_name_every_hook_and_every_reader_has_a_section() -> None:
    from medmat_core import hooks, readers

    def sections(page: str) -> set[str]:
        return set(re.findall(r"^##+ (\S+)$", (DOCS / "reference" / page).read_text("utf-8"), re.MULTILINE))

    assert set(medmat_core.__all__) <= sections("api.md")
    assert {name for name in vars(hooks) if name.startswith("medmat_")} <= sections("hooks.md")
    assert set(readers.__all__) <= sections("readers.md")


def test_the_record_page_lists_the_keys_that_are_written() -> None:
    text = (DOCS / "reference" / "records.md").read_text("utf-8")
    for heading, keys in (("Med-MAT's form", medmat.KEYS), ("The full record", records.KEYS)):
        section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
        assert re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE) == list(keys)


def test_the_page_on_splits_lists_the_rows_that_share_pictures(make_docs: ModuleType) -> None:
    rows: dict[str, list[int]] = {}
    for entry in make_docs.datasets.load(ROOT / "plugins"):
        rows.setdefault(entry.card.namespace, []).append(entry.card.head.no)
    text = (DOCS / "explanation" / "splits.md").read_text("utf-8")
    told = {
        name: [int(no) for no in nos.split(", ")]
        for name, nos in re.findall(r"^\| `([^`]+)` \| ([\d, ]+) \|", text, re.M)
    }
    assert told == {name: nos for name, nos in rows.items() if len(nos) > 1}


def test_no_link_of_the_readme_is_broken() -> None:
    links = re.findall(r"\]\(([^)#\s]+)", (ROOT / "README.md").read_text("utf-8"))
    assert links and [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


@pytest.mark.slow
def test_the_site_builds_and_a_broken_link_stops_it(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(tmp_path / "site"), "-f"]
    done = subprocess.run([*command, str(ROOT / "mkdocs.yml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    broken = tmp_path / "broken"
    (broken / "docs").mkdir(parents=True)
    (broken / "docs" / "index.md").write_text("[nowhere](nowhere.md)\n")
    settings = (ROOT / "mkdocs.yml").read_text("utf-8")
    nav = settings.index("\nnav:")
    (broken / "mkdocs.yml").write_text(settings[:nav] + "\n")
    done = subprocess.run([*command, str(broken / "mkdocs.yml")], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "nowhere.md" in done.stderr


def test_each_reader_has_an_example_that_yields_what_the_page_shows(make_docs: ModuleType) -> None:
    from docgen import reader_examples

    from medmat_core import readers

    examples, shown = reader_examples.examples(), reader_examples.shown()
    assert set(examples) == set(readers.__all__) - {"Point", "Split"}
    page = (DOCS / "reference" / "readers.md").read_text("utf-8")
    for name, one in examples.items():
        assert re.search(rf"\b{name}\b", one["call"]) or name in shown[name] or name in ("Tree", "Pictures"), name
        assert reader_examples.run(one) == shown[name], f"{name}: run python -m docgen.reader_examples in tools/"
        assert reader_examples.section(name) in page


def test_a_sample_question_is_current_where_question_and_picture_are_made_the_same_again(make_docs: ModuleType) -> None:
    """Of three kinds; ``make_docs.py --check`` compares hashes of what all of them are made from."""
    from docgen import samples

    cards = {entry.card.slug: entry.card for entry in make_docs.datasets.load(ROOT / "plugins")}
    assert [samples.differs(cards[slug], DOCS) for slug in ("kvasir-seg", "jsiec", "fives")] == ["", "", ""]


def test_a_sample_question_is_stale_where_its_card_changes_and_not_where_a_fact_does(make_docs: ModuleType) -> None:
    from docgen import samples

    entry = next(one for one in make_docs.datasets.load(ROOT / "plugins") if one.card.slug == "kvasir-seg")
    card = entry.card
    assert samples.inputs(card) == samples.read(DOCS)[card.slug].inputs
    assert samples.inputs(attrs.evolve(card, license="another", unverified=())) == samples.inputs(card)
    assert samples.inputs(attrs.evolve(card, area_shown="bowel")) != samples.inputs(card)
    moved = attrs.evolve(card.example, expect=card.example.expect[1:])
    assert next(samples.stale([attrs.evolve(card, example=moved)], DOCS)) == card.slug


def test_the_pictures_of_the_data_sets_pages_are_small() -> None:
    sizes = [path.stat().st_size for path in (DOCS / "assets" / "samples").glob("*.webp")]
    assert len(sizes) >= 109 and max(sizes) < 8_000 and sum(sizes) < 1_000_000


def test_a_page_shows_on_which_copies_a_card_was_verified(make_docs: ModuleType) -> None:
    from medmat_core.verified import Verified

    entry = next(one for one in make_docs.datasets.load(ROOT / "plugins") if one.card.slug == "kvasir-seg")
    told = Verified(date="2026-11-26", version="0.1.0", layout="right", completeness="whole", images=1000,
                    sizes=("622x529",))  # fmt: skip
    marked = attrs.evolve(entry, card=attrs.evolve(entry.card, verified=(told,)))
    page = dict(make_docs.datasets.pages([marked], {}))[f"datasets/{entry.file}"]
    assert "| 2026-11-26 | 0.1.0 | right | whole | 1,000 | 0 |" in page and "622 x 529" in page
    assert "## Verified" not in dict(make_docs.datasets.pages([entry], {}))[f"datasets/{entry.file}"]
    assert str(told) == "2026-11-26, medmat-core 0.1.0: layout right, whole, 1000 pictures"


def test_each_unverified_fact_of_a_page_says_how_it_is_settled(make_docs: ModuleType) -> None:
    for entry in make_docs.datasets.load(ROOT / "plugins"):
        page = (DOCS / "datasets" / entry.file).read_text("utf-8")
        section = page.partition("## Unverified")[2].partition("\n## ")[0]
        assert section.count("\n- ") == section.count("    *") == len(entry.card.unverified)
        assert not section or "--report report.json" in section
