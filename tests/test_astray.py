"""A data set that is not where it was looked for: ``build`` and ``check`` say where it may be and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from medmat_core import build
from medmat_core.catalog import Catalog
from medmat_core.errors import UsageError
from tests.commanded import command
from tests.toy import toy_catalog, toy_dataset, zoo


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    eyes = toy_dataset(tmp_path / "cards", slug="eyes", folder="Red_Eye_2016", head='aliases = ["Rote Augen"]')
    others = toy_dataset(tmp_path / "cards", slug="others", folder="Red_Eye_2017")
    return toy_catalog(eyes, others)


def laid(tmp_path: Path, *folder: str) -> Path:
    """A whole copy under this folder of tmp_path/med-mat."""
    zoo(tmp_path / "raw")
    target = tmp_path.joinpath("med-mat", *folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "raw/toy").rename(target)
    return tmp_path / "med-mat"


def told_by_build(catalog: Catalog, data: Path, *names: str) -> str:
    with pytest.raises(UsageError) as error:
        build(names, data=data, out=data.parent / "out", catalog=catalog, jobs=1)
    assert "\n" not in str(error.value)
    return str(error.value)


def told_by_check(catalog: Catalog, data: Path, *names: str) -> str:
    told = command(catalog, "check", *names, "--data", str(data), "--jobs", "1")
    assert told.exit_code == 2
    return told.output


@pytest.mark.parametrize("tell", [told_by_build, told_by_check])
@pytest.mark.parametrize("named", [True, False])
class TestBothSay:
    def test_that_data_is_the_data_set_itself(self, catalog: Catalog, tmp_path: Path, tell, named: bool) -> None:
        data = laid(tmp_path, "Red_Eye_2016")
        said = tell(catalog, data / "Red_Eye_2016", *(["eyes"] if named else []))
        assert f"give the folder above it: --data {data}" in said

    def test_that_data_lies_inside_the_data_set(self, catalog: Catalog, tmp_path: Path, tell, named: bool) -> None:
        data = laid(tmp_path, "Red_Eye_2016")
        said = tell(catalog, data / "Red_Eye_2016/pics", *(["eyes"] if named else []))
        assert f"lies inside the data set's folder; give the folder above it: --data {data}" in said

    def test_that_data_is_a_folder_above(self, catalog: Catalog, tmp_path: Path, tell, named: bool) -> None:
        data = laid(tmp_path, "Red_Eye_2016")
        assert f"give --data {data}" in tell(catalog, data.parent, *(["eyes"] if named else []))

    @pytest.mark.parametrize(
        "folder",
        ["Red Eye 2016", "redeye2016", "Red-Eye-2016", "Red_Eyes_2016", "Red_Ey_2016", "Rde_Eye_2016", "RoteAugen"],
    )
    def test_a_near_name(self, catalog: Catalog, tmp_path: Path, tell, named: bool, folder: str) -> None:
        data = laid(tmp_path, folder)
        said = tell(catalog, data, *(["eyes"] if named else []))
        assert str(data / folder) in said and "rename it to 'Red_Eye_2016'" in said

    @pytest.mark.parametrize("name", ["Red_Eye_2016.zip", "red eye 2016.tar.gz", "Rote Augen.7z"])
    def test_that_an_archive_is_not_unzipped(
        self, catalog: Catalog, tmp_path: Path, tell, named: bool, name: str
    ) -> None:
        data = tmp_path / "med-mat"
        data.mkdir()
        (data / name).touch()
        said = tell(catalog, data, *(["eyes"] if named else []))
        assert f"{data / name} is not unzipped; unzip it into {data / 'Red_Eye_2016'}" in said

    def test_that_an_archive_lies_unopened_in_its_folder(
        self, catalog: Catalog, tmp_path: Path, tell, named: bool
    ) -> None:
        data = tmp_path / "med-mat"
        (data / "Red_Eye_2016").mkdir(parents=True)
        (data / "Red_Eye_2016/pictures.zip").touch()
        if tell is told_by_build:
            said = tell(catalog, data, *(["eyes"] if named else []))
        else:
            said = command(catalog, "check", *(["eyes"] if named else []), "--data", str(data)).output
        assert "pictures.zip in it is not unzipped" in said


def test_the_folder_of_another_data_set_is_not_taken_for_a_near_name(catalog: Catalog, tmp_path: Path) -> None:
    data = laid(tmp_path, "Red_Eye_2017")
    assert "Red_Eye_2017" not in told_by_build(catalog, data, "eyes")


def test_a_digit_is_no_letter(tmp_path: Path) -> None:
    eyes = toy_catalog(toy_dataset(tmp_path / "cards", slug="eyes", folder="Red_Eye_2016"))
    assert "rename" not in told_by_build(eyes, laid(tmp_path, "Red_Eye_2018"), "eyes")


def test_check_names_what_is_nearly_there_beside_what_is(catalog: Catalog, tmp_path: Path) -> None:
    laid(tmp_path, "Red_Eye_2017")
    data = laid(tmp_path, "Red_Eyes_2016")
    told = command(catalog, "check", "--data", str(data), "--jobs", "1")
    assert "others  in" in told.output
    assert f"eyes: there is {str(data / 'Red_Eyes_2016')!r}; rename it to 'Red_Eye_2016'" in told.output
