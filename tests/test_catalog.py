"""Plugins as they are installed: found by their entry points, asked by hooks, contained where they fail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medmat_core.catalog import Catalog, load_catalog
from medmat_core.cli import run
from medmat_core.errors import CatalogError
from medmat_core.hooks import API_VERSION
from medmat_core.model import PolygonMask
from tests.plugged import COMMAND, PLUGIN, SUBSET, WRITER, Install, install
from tests.toy import zoo

__all__ = ["install"]


def slugs(catalog: Catalog) -> set[str]:
    return {dataset.slug for dataset in catalog}


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    """Exit code, parsed standard output and standard error of ``medmat ... --json``."""
    code = run([*arguments, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


def test_an_installed_plugin_is_found_with_its_distribution_and_version(install: Install) -> None:
    install("newts", extra=SUBSET.format(no=1000))
    dataset = load_catalog().get("newts")
    assert (dataset.source.name, dataset.source.dist, dataset.source.version) == ("newts", "medmat-plugin-newts", "1.2")


def test_list_names_the_plugin_of_every_data_set(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install("newts", extra=SUBSET.format(no=1000))
    code, rows, _ = listed(capsys, "list")
    assert code == 0
    own = next(row for row in rows if row["slug"] == "newts")
    assert own["plugin"] == {"name": "newts", "dist": "medmat-plugin-newts", "version": "1.2"}


@pytest.mark.parametrize("name", ["newts", "medmat-plugin-newts", "medmat_plugin_newts.newts", "medmat-plugin-n*"])
def test_disable_leaves_a_plugin_out_by_entry_point_package_or_module(install: Install, name: str) -> None:
    install("newts", extra=SUBSET.format(no=1000))
    install("geckos")
    catalog = load_catalog(disable=[name])
    assert "newts" not in slugs(catalog) and "geckos" in slugs(catalog)
    assert "newts" in catalog.disabled and not catalog.failed


def test_a_disabled_plugin_is_not_even_imported(install: Install) -> None:
    install("newts", extra='raise SystemExit("imported")')
    assert not load_catalog(disable=["newts"]).failed


def test_the_command_line_takes_disable(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install("newts", extra=SUBSET.format(no=1000))
    code, rows, _ = listed(capsys, "--disable", "newts", "list")
    assert code == 0 and "newts" not in {row["slug"] for row in rows}


@pytest.mark.parametrize(("wanted", "what"), [(API_VERSION + 1, "upgrade medmat-core"), (0, "upgrade the plugin")])
def test_a_plugin_of_another_hook_version_says_what_to_upgrade(install: Install, wanted: int, what: str) -> None:
    install("newts", extra=f"MEDMAT_API = {wanted}")
    install("geckos")
    catalog = load_catalog()
    assert "newts" not in slugs(catalog) and "geckos" in slugs(catalog)
    (failed,) = (plugin for plugin in catalog.failed if plugin.source.name == "newts")
    assert f"version {wanted} of the hooks" in str(failed) and what in str(failed)
    assert "medmat-plugin-newts 1.2" in str(failed)


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(7)", "SystemExit: 7"),
        ("def broken(:", "syntax error"),
    ],
)
def test_a_plugin_that_fails_to_import_is_told_and_the_rest_works(
    install: Install, capsys: pytest.CaptureFixture[str], extra: str, told: str
) -> None:
    install("newts", extra=f"{extra}\nMEDMAT_API = 2")  # what has more than a card to say is imported at once
    install("geckos")
    code, rows, err = listed(capsys, "list")
    assert code == 3
    assert "geckos" in {row["slug"] for row in rows} and "newts" not in {row["slug"] for row in rows}
    assert "medmat-plugin-newts" in err and told in err


def test_a_failed_plugin_sets_exit_code_3_of_a_build_that_is_otherwise_done(install: Install, tmp_path: Path) -> None:
    install("newts", extra="import no_such_library\nMEDMAT_API = 2")
    install("geckos", extra=SUBSET.format(no=1000))
    zoo(tmp_path / "med-mat")
    out = tmp_path / "out"
    code = run(["build", "geckos", "--data", str(tmp_path / "med-mat"), "--out", str(out), "--jobs", "1", "-q"])
    assert code == 3
    assert json.loads((out / "Original_Medical_Datasets/Ori--geckos-train.json").read_text("utf-8"))


def test_a_plugin_with_a_broken_card_is_told_with_file_and_field(install: Install) -> None:
    install("newts", head="access_level = 3", extra="MEDMAT_API = 2")
    (failed,) = (plugin for plugin in load_catalog().failed if plugin.source.name == "newts")
    assert "newts.toml" in failed.reason and "access_level" in failed.reason


def test_two_plugins_that_claim_one_slug_are_both_named(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install("newts", dist="medmat-plugin-newts")
    install("newts", dist="medmat-plugin-other", entry="newts-too")
    with pytest.raises(CatalogError, match="slug 'newts'") as caught:
        load_catalog()
    assert "medmat-plugin-newts 1.2" in str(caught.value) and "medmat-plugin-other 1.2" in str(caught.value)
    code, rows, err = listed(capsys, "list")
    assert (code, rows) == (3, None) and "slug 'newts'" in err


def test_the_hint_against_two_claims_works(install: Install) -> None:
    install("newts", dist="medmat-plugin-newts")
    install("newts", dist="medmat-plugin-other")  # the entry points are called alike, too
    with pytest.raises(CatalogError) as caught:
        load_catalog()
    name = str(caught.value).rpartition("--disable ")[2]
    assert "newts" in slugs(load_catalog(disable=[name]))


def test_two_plugins_that_claim_one_number_are_both_named(install: Install) -> None:
    install("newts", head="no = 4321")
    install("geckos", head="no = 4321")
    with pytest.raises(CatalogError, match="number 4321") as caught:
        load_catalog()
    assert "medmat-plugin-newts" in str(caught.value) and "medmat-plugin-geckos" in str(caught.value)


def test_entry_points_of_one_name_in_two_packages_are_no_fault(install: Install) -> None:
    install("newts", entry="data")
    install("geckos", entry="data")
    catalog = load_catalog()
    assert {"newts", "geckos"} <= slugs(catalog) and not catalog.failed


def test_a_plugin_that_fails_under_a_taken_name_leaves_the_first_one_in(install: Install) -> None:
    install("geckos", entry="data", extra=SUBSET.format(no=1000))
    install("newts", entry="data", extra='MEDMAT_API = 2\n\n\n@hookimpl(specname="medmat_nonsense")\ndef other(): ...')
    catalog = load_catalog()
    assert [plugin.source.dist for plugin in catalog.failed] == ["medmat-plugin-newts"]
    assert "geckos" in slugs(catalog) and 1000 in catalog.subsets()


def test_a_subset_of_a_plugin_is_listed_with_where_it_comes_from(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("newts", extra=SUBSET.format(no=4711), subset=4711)
    code, rows, _ = listed(capsys, "list", "--subsets")
    own = next(row for row in rows if row["no"] == 4711)
    assert code == 0 and own["from"] == "newts (medmat-plugin-newts)" and own["datasets"] == ["newts"]
    assert next(row for row in rows if row["no"] == 2)["from"] == "medmat-core"


@pytest.mark.parametrize("no", [2, 4711])
def test_a_subset_number_that_is_taken_is_an_error_that_names_both(install: Install, no: int) -> None:
    install("newts", extra=SUBSET.format(no=no), subset=no)
    install("geckos", extra=SUBSET.format(no=4711), subset=4711)
    with pytest.raises(CatalogError, match=f"subset {no} is claimed by") as caught:
        load_catalog().subsets()
    assert "medmat-plugin-newts" in str(caught.value)
    assert ("medmat-core" if no == 2 else "medmat-plugin-geckos") in str(caught.value)


def test_a_data_set_in_a_plugins_subset_is_asked_its_instructions(install: Install, tmp_path: Path) -> None:
    install("newts", extra=SUBSET.format(no=4711), subset=4711)
    zoo(tmp_path / "med-mat")
    out = tmp_path / "out"
    code = run(["build", "newts", "--data", str(tmp_path / "med-mat"), "--out", str(out), "--jobs", "1", "-q"])
    records = json.loads((out / "Aggregated_Subsets/Subset--4711-train.json").read_text("utf-8"))
    assert code == 0
    assert {record["Question"].partition(" ")[2] for record in records} == {"this animal drawing."}
    assert {record["data-no"] for record in records} == {"newts"}


def test_a_format_of_a_plugin_is_written_by_build_and_listed_with_where_it_comes_from(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install("newts", extra=SUBSET.format(no=1000) + WRITER.format(name="csv"))
    zoo(tmp_path / "med-mat")
    out = tmp_path / "out"
    built = ["build", "newts", "--data", str(tmp_path / "med-mat"), "--out", str(out), "--jobs", "1", "-q"]
    assert run([*built, "--format", "csv", "--split", "none"]) == 0
    lines = (out / "export/csv/newts-train.csv").read_text("utf-8").splitlines()
    assert lines[0] == "id,image,answer" and len(lines) == 21
    assert lines[1].startswith("1,images/med-mat/toy/pics/cat/") and lines[1].endswith(",Cat")
    assert [line.partition(",")[0] for line in lines[1:]] == [str(number) for number in range(1, 21)]
    capsys.readouterr()
    code, rows, _ = listed(capsys, "list", "--formats")
    assert code == 0 and {"format": "csv", "from": "newts (medmat-plugin-newts)"} in rows


def test_a_format_name_that_is_taken_is_an_error_that_names_both(install: Install) -> None:
    install("newts", extra=SUBSET.format(no=1000) + WRITER.format(name="jsonl"))
    with pytest.raises(CatalogError, match=r"'jsonl' is claimed by newts \(medmat-plugin-newts\) and by medmat-core"):
        load_catalog().formats()


def test_an_unknown_hook_of_a_plugin_is_told(install: Install) -> None:
    install("newts", extra='MEDMAT_API = 2\n\n\n@hookimpl(specname="medmat_nonsense")\ndef other(): ...')
    (failed,) = (plugin for plugin in load_catalog().failed if plugin.source.name == "newts")
    assert "medmat_nonsense" in failed.reason


def test_a_disable_that_matches_no_plugin_is_told_even_beside_one_that_does(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("newts")
    assert load_catalog(disable=["newts", "nosuch"]).idle == ("nosuch",)
    _, _, told = listed(capsys, "--disable", "newts", "--disable", "nosuch", "list")
    assert "--disable nosuch: no installed plugin" in told and "--disable newts" not in told


def test_a_command_of_a_plugin_is_listed_by_help_and_called(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("newts", extra=COMMAND.format(name="count-newts"))
    assert run(["--help"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"Commands of plugins:\s+count-newts +Count the newts", told)
    assert run(["count-newts"]) == 0 and capsys.readouterr().out == "two newts\n"


def test_a_command_of_a_plugin_that_is_disabled_is_not_there(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("newts", extra=COMMAND.format(name="count-newts"))
    assert run(["--disable", "newts", "count-newts"]) == 2
    assert "No such command" in capsys.readouterr().err
    assert run(["--disable", "newts", "--help"]) == 0 and "count-newts" not in capsys.readouterr().out


def test_a_command_name_that_is_taken_is_an_error_that_names_both(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("newts", extra=COMMAND.format(name="list"))
    assert run(["list"]) == 3
    told = capsys.readouterr().err
    assert "command 'list' is claimed by newts (medmat-plugin-newts) and by medmat-core" in told
    assert run(["--disable", "newts", "list"]) == 0


def test_help_is_there_in_spite_of_two_claims(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install("newts", extra=COMMAND.format(name="list"))
    assert run(["--help"]) == 0
    out, err = capsys.readouterr()
    assert "new-plugin" in out and "'list' is claimed by newts" in err


def answering(hook: str, answer: str, arguments: str = "") -> str:
    return f"\n\n@hookimpl\ndef {hook}({arguments}):\n    {answer}\n"


@pytest.mark.parametrize(
    ("hook", "asked"),
    [
        ("medmat_subsets", lambda catalog: catalog.subsets()),
        ("medmat_formats", lambda catalog: catalog.formats()),
        ("medmat_commands", lambda catalog: catalog.commands()),
    ],
)
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("raise ValueError('no newts')", "ValueError: no newts"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("return 7", "returned int 7"),
        ("return 'newts'", "returned str 'newts'"),
        ("return [None]", "returned NoneType None among others"),
    ],
)
def test_a_hook_that_fails_or_answers_nonsense_is_told_and_the_others_answer(
    install: Install, hook: str, asked: Callable[[Catalog], Any], answer: str, told: str
) -> None:
    install("geckos", extra=SUBSET.format(no=1000) + WRITER.format(name="csv") + COMMAND.format(name="count"))
    install("newts", extra=answering(hook, answer))
    catalog = load_catalog()
    whole = asked(catalog)
    assert {1000, "csv", "count"} & set(whole) and {2, "medmat", "list"} & set(whole)
    (failed,) = catalog.failed
    assert str(failed).startswith(f"plugin 'newts' of medmat-plugin-newts 1.2 failed in {hook}: ") and told in str(
        failed
    )


@pytest.mark.parametrize(
    ("answer", "told"),
    [("return [3]", "returned int 3 among others"), ("return None", ""), ("raise SystemExit", "SystemExit")],
)
def test_data_sets_that_are_none_fail_their_plugin_alone(install: Install, answer: str, told: str) -> None:
    install("geckos")
    install("newts", code="from medmat_core import hookimpl\n" + answering("medmat_datasets", answer))
    catalog = load_catalog()
    assert "geckos" in slugs(catalog) and "newts" not in slugs(catalog)
    assert [told in plugin.reason for plugin in catalog.failed] == ([True] if told else [])


def test_every_hook_is_called_once(install: Install, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    hooks = {
        "medmat_subsets": lambda catalog: (catalog.subsets(), catalog.subset(1000)),
        "medmat_formats": lambda catalog: (catalog.formats(),),
        "medmat_commands": lambda catalog: (catalog.commands(),),
        "medmat_datasets": lambda catalog: (catalog.datasets, list(catalog), catalog.get("newts")),
    }
    extra = SUBSET.format(no=1000) + WRITER.format(name="csv") + COMMAND.format(name="count")
    code = PLUGIN.replace("{extra}", extra)
    for hook in hooks:
        code = code.replace(f"def {hook}():\n", f"def {hook}():\n    open({str(log)!r}, 'a').write('{hook} ')\n")
    install("newts", code=code)
    catalog = load_catalog()
    for asked in hooks.values():
        asked(catalog)
        asked(catalog)
    assert sorted(log.read_text().split()) == sorted(hooks)


def test_a_hook_with_an_argument_that_it_has_not_is_told(install: Install) -> None:
    install("newts", extra=answering("medmat_formats", "return []", "records"))
    (failed,) = load_catalog().failed
    assert "records" in failed.reason and "medmat_formats" in failed.reason


def test_a_hook_of_an_older_contract_is_told_by_its_new_name(install: Install) -> None:
    install("newts", extra=answering("medmat_writers", "return []"))
    (failed,) = load_catalog().failed
    assert failed.reason == "it implements medmat_writers, which is called medmat_formats now; rename it"


DECODER = """
@hookimpl{how}
def medmat_regions(mask, size, root):
    return [("{name}", None)] if mask == "ours" else None
"""


def decoded(mask: object) -> Any:
    return load_catalog().decoder()(mask=mask, size=(4, 4), root=Path())


def test_decoders_are_asked_in_the_order_of_entry_points_and_medmats_own_last(install: Install) -> None:
    install("newts", extra=DECODER.format(name="newts", how="(trylast=True)"))
    assert decoded("ours") == [("newts", None)]
    install("geckos", extra=DECODER.format(name="geckos", how=""), entry="a-geckos")
    install("toads", extra=DECODER.format(name="toads", how=""), entry="b-toads")
    assert decoded("ours") == [("geckos", None)]
    (own,) = decoded(PolygonMask(((0, 0), (4, 0), (4, 4)), "cat"))  # every plugin said None
    assert own.code == "cat" and own.pixels.any()


def test_a_mask_that_no_plugin_knows_is_told_by_its_kind() -> None:
    with pytest.raises(TypeError, match="str is not a kind of mask"):
        decoded("nobody's")
