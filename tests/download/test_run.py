"""From the card to the folder, and what is left when that is stopped on the way."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from medmat_core.dataset import Dataset
from medmat_core.download import kaggle
from medmat_core.download import run as rooms
from medmat_core.download import unpack as unpacking
from medmat_core.download.hosts import Hosts
from medmat_core.download.run import STAGE, download
from medmat_core.download.web import Web
from medmat_core.errors import DownloadError, NoSpaceError
from tests.download.loopback import Loopback, Quiet
from tests.toy import toy_dataset

FILES = {f"pics/{label}/{n}.png": f"{label}{n}".encode() * 50 for label in ("cat", "dog") for n in range(3)}


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


def found(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def links(host: Loopback, *names: str, more: str = "") -> str:
    rows = "\n".join(f'"{name}" = "{host.url}/{name}"' for name in names)
    return f'[[download]]\nhost = "link"\n{more}\n[download.links]\n{rows}\n'


def go(dataset: Dataset, to: Path, web: Web, quiet: Quiet | None = None) -> int:
    return download(dataset, to, web=web, hosts=Hosts(), progress=quiet or Quiet())


def test_archives_and_files_reach_the_data_sets_folder(host: Loopback, web: Web, tmp_path: Path) -> None:
    host("/a.zip", zipped(FILES))
    host("/labels.csv", b"x,y\n", kind="text/csv")
    dataset = toy_dataset(tmp_path, tables=links(host, "a.zip", "labels.csv"))
    assert go(dataset, tmp_path / "data", web) == 7
    assert found(tmp_path / "data/toy") == {**FILES, "labels.csv": b"x,y\n"}
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["toy"]


def test_it_comes_into_the_folder_that_the_card_names_and_archives_within_are_unpacked(
    host: Loopback, web: Web, tmp_path: Path
) -> None:
    inner = zipped({"1.png": b"1"})
    host("/a.zip", zipped({"images/part_1.zip": inner, "own.zip": inner, "left.zip": inner}))
    more = 'into = "release"\ninner = { "part_*.zip" = "", "release/own.zip" = "own" }'
    dataset = toy_dataset(tmp_path, tables=links(host, "a.zip", more=more))
    go(dataset, tmp_path / "data", web)
    assert found(tmp_path / "data/toy") == {
        "release/images/1.png": b"1",
        "release/own/1.png": b"1",
        "release/left.zip": inner,
    }


def test_a_folder_that_is_known_by_another_name_is_the_data_sets(host: Loopback, web: Web, tmp_path: Path) -> None:
    host("/a.zip", zipped(FILES))
    dataset = toy_dataset(tmp_path, head='aliases = ["TOYS"]', tables=links(host, "a.zip"))
    (tmp_path / "data/toys").mkdir(parents=True)
    go(dataset, tmp_path / "data", web)
    assert found(tmp_path / "data/toys") == FILES and not (tmp_path / "data/toy").exists()


def test_no_file_of_the_users_is_overwritten(host: Loopback, web: Web, tmp_path: Path) -> None:
    host("/a.zip", zipped(FILES))
    dataset = toy_dataset(tmp_path, tables=links(host, "a.zip"))
    mine = tmp_path / "data/toy/pics/cat/0.png"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    with pytest.raises(DownloadError, match=r"another 'pics/cat/0\.png' is there; nothing is overwritten"):
        go(dataset, tmp_path / "data", web)
    assert found(tmp_path / "data/toy") == {"pics/cat/0.png": b"mine"}
    asked = len(host.asked)
    mine.write_bytes(FILES["pics/cat/0.png"])  # equal bytes stay as they are
    assert go(dataset, tmp_path / "data", web) == 5
    assert found(tmp_path / "data/toy") == FILES and len(host.asked) == asked  # what was fetched is not fetched again


def test_a_link_in_the_users_folder_does_not_lead_files_out(host: Loopback, web: Web, tmp_path: Path) -> None:
    host("/a.zip", zipped(FILES))
    dataset = toy_dataset(tmp_path, tables=links(host, "a.zip"))
    (tmp_path / "outside").mkdir()
    (tmp_path / "data/toy").mkdir(parents=True)
    (tmp_path / "data/toy/pics").symlink_to(tmp_path / "outside")
    with pytest.raises(DownloadError, match="a link leads out"):
        go(dataset, tmp_path / "data", web)
    assert not [path for path in (tmp_path / "outside").rglob("*") if path.is_file()]


def test_ctrl_c_while_a_file_comes_leaves_a_part_and_no_folder(host: Loopback, web: Web, tmp_path: Path) -> None:
    body = zipped({"pics/cat/big.png": bytes(range(256)) * 12_000})
    host("/a.zip", body)
    dataset = toy_dataset(tmp_path, tables=links(host, "a.zip"))
    quiet = Quiet()

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    quiet.at = stop
    with pytest.raises(KeyboardInterrupt):
        go(dataset, tmp_path / "data", web, quiet)
    (part,) = (tmp_path / "data" / STAGE).rglob("*.part")
    left = part.stat().st_size
    assert 0 < left < len(body) and not (tmp_path / "data/toy").exists()
    assert rooms.staged(dataset, tmp_path / "data") >= left
    go(dataset, tmp_path / "data", web)
    assert host.ranges("/a.zip") == ["", f"bytes={left}-"]
    assert set(found(tmp_path / "data/toy")) == {"pics/cat/big.png"}


def test_ctrl_c_while_it_unpacks_leaves_no_folder_and_the_next_run_unpacks_anew(
    host: Loopback, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host("/a.zip", zipped(FILES))
    host("/b.zip", zipped({"pics/cow/0.png": b"moo"}))
    dataset = toy_dataset(tmp_path, tables=links(host, "b.zip", "a.zip"))
    create = unpacking.Chest.create

    def stop(self: Any, member: str) -> Any:
        if member.endswith("dog/1.png"):
            raise KeyboardInterrupt
        return create(self, member)

    monkeypatch.setattr(unpacking.Chest, "create", stop)
    with pytest.raises(KeyboardInterrupt):
        go(dataset, tmp_path / "data", web)
    assert not (tmp_path / "data/toy").exists()
    monkeypatch.undo()
    asked = len(host.asked)
    go(dataset, tmp_path / "data", web)
    assert found(tmp_path / "data/toy") == {**FILES, "pics/cow/0.png": b"moo"}
    assert len(host.asked) == asked


def test_ctrl_c_while_files_are_placed_leaves_no_folder_that_looks_whole(
    host: Loopback, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host("/a.zip", zipped(FILES))
    dataset = toy_dataset(tmp_path, tables=links(host, "a.zip"))
    rename = Path.rename

    def stop(self: Path, target: Path) -> Path:
        if target.name == "1.png" and "whole" in target.parts:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stop)
    with pytest.raises(KeyboardInterrupt):
        go(dataset, tmp_path / "data", web)
    assert not (tmp_path / "data/toy").exists()
    monkeypatch.undo()
    go(dataset, tmp_path / "data", web)
    assert found(tmp_path / "data/toy") == FILES


def test_a_cut_archive_is_deleted_so_that_the_next_run_fetches_it_anew(
    host: Loopback, web: Web, tmp_path: Path
) -> None:
    page = host("/a.zip", zipped(FILES)[:-100])
    dataset = toy_dataset(tmp_path, tables=links(host, "a.zip"))
    with pytest.raises(DownloadError, match="the copy is deleted: run again"):
        go(dataset, tmp_path / "data", web)
    assert not (tmp_path / "data/toy").exists()
    page.body = zipped(FILES)
    go(dataset, tmp_path / "data", web)
    assert found(tmp_path / "data/toy") == FILES


def test_a_cut_archive_with_the_right_hash_is_the_makers_fault(host: Loopback, web: Web, tmp_path: Path) -> None:
    body = zipped(FILES)[:-100]
    host("/a.zip", body)
    tables = links(host, "a.zip") + f'[download.hashes]\n"a.zip" = "sha256:{hashlib.sha256(body).hexdigest()}"\n'
    with pytest.raises(DownloadError, match="although it came as the host has it"):
        go(toy_dataset(tmp_path, tables=tables), tmp_path / "data", web)


def test_a_slip_within_an_archive_reaches_nothing(host: Loopback, web: Web, tmp_path: Path) -> None:
    host("/a.zip", zipped({"pics/cat/0.png": b"1", "../../../../evil.txt": b"evil"}))
    with pytest.raises(DownloadError, match="leads out of its folder"):
        go(toy_dataset(tmp_path, tables=links(host, "a.zip")), tmp_path / "data", web)
    assert not list(tmp_path.rglob("evil.txt")) and not (tmp_path / "data/toy").exists()


def test_what_does_not_fit_is_not_begun(
    host: Loopback, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = toy_dataset(tmp_path, tables=links(host, "a.zip", more="about = 5_000_000_000"))
    monkeypatch.setattr(rooms.space, "free", lambda folder: 3_000_000_000)
    with pytest.raises(NoSpaceError, match=r"needs 5\.0 GB and 3\.0 GB are free"):
        go(dataset, tmp_path / "data", web)
    assert host.asked == []


def test_two_at_once_do_not_meet(host: Loopback, web: Web, tmp_path: Path) -> None:
    host("/a.zip", zipped(FILES))
    dataset = toy_dataset(tmp_path, tables=links(host, "a.zip"))
    quiet = Quiet()
    told: list[str] = []

    def meanwhile(done: int) -> None:
        if not told:
            told.append("")
            with pytest.raises(DownloadError, match="another medmat is at work"):
                go(dataset, tmp_path / "data", web)

    quiet.at = meanwhile
    go(dataset, tmp_path / "data", web, quiet)
    assert told and found(tmp_path / "data/toy") == FILES


def test_a_card_whose_folder_leads_out_is_refused(host: Loopback, web: Web, tmp_path: Path) -> None:
    host("/a.zip", zipped(FILES))
    with pytest.raises(DownloadError, match="leads out of its folder"):
        go(toy_dataset(tmp_path, folder="../toy", tables=links(host, "a.zip")), tmp_path / "data", web)
    with pytest.raises(DownloadError, match="leads out of its folder"):
        go(toy_dataset(tmp_path, tables=links(host, "a.zip", more='into = "../x"')), tmp_path / "data", web)
    assert not (tmp_path / "toy").exists() and not (tmp_path / "data/x").exists()


class TestKaggle:
    """Kaggle by its client, of which a stand-in is installed: it unpacks into its own cache as the real one does."""

    TABLES = '[[download]]\nhost = "kaggle"\nid = "owner/toys"\n'
    RULES = '[[download]]\nhost = "kaggle-competition"\nid = "toy-race"\n'

    @pytest.fixture
    def client(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        import os
        import sys
        import types

        module, errors = types.ModuleType("kagglehub"), types.ModuleType("kagglehub.exceptions")
        for name in ("UnauthenticatedError", "DataCorruptionError"):
            setattr(errors, name, type(name, (Exception,), {}))
        module.exceptions = errors  # type: ignore[attr-defined]

        def get(handle: str) -> str:
            folder = Path(os.environ["KAGGLEHUB_CACHE"]) / "datasets" / handle / "versions/1"
            for name, body in FILES.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(body)
            return str(folder)

        module.dataset_download = module.competition_download = get  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "kagglehub", module)
        monkeypatch.setitem(sys.modules, "kagglehub.exceptions", errors)
        monkeypatch.setenv("KAGGLEHUB_CACHE", "/nowhere/of/the/users")
        return module

    def test_what_the_client_fetched_reaches_the_folder(self, client: Any, web: Web, tmp_path: Path) -> None:
        import os

        assert go(toy_dataset(tmp_path, tables=self.TABLES), tmp_path / "data", web) == 6
        assert found(tmp_path / "data/toy") == FILES and found(tmp_path / "data" / STAGE) == {}
        assert os.environ["KAGGLEHUB_CACHE"] == "/nowhere/of/the/users"

    def test_a_link_that_it_left_is_refused(self, client: Any, web: Web, tmp_path: Path) -> None:
        get = client.dataset_download

        def evil(handle: str) -> str:
            folder = get(handle)
            (Path(folder) / "passwd").symlink_to("/etc/passwd")
            return str(folder)

        client.dataset_download = evil
        with pytest.raises(DownloadError, match="'passwd' is a link"):
            go(toy_dataset(tmp_path, tables=self.TABLES), tmp_path / "data", web)
        assert not (tmp_path / "data/toy").exists()

    @pytest.mark.parametrize(
        ("code", "told"),
        [
            (403, "accept them at https://www.kaggle.com/competitions/toy-race/rules"),
            (404, "no such data set any more"),
        ],
    )
    def test_rules_that_are_not_accepted_say_where_to_accept_them(
        self, client: Any, web: Web, tmp_path: Path, code: int, told: str
    ) -> None:
        class RefusedError(OSError):
            response = type("Answer", (), {"status_code": code})

        def refuse(handle: str) -> str:
            raise RefusedError("secret-token-123")

        client.competition_download = refuse
        with pytest.raises(DownloadError, match=told) as error:
            go(toy_dataset(tmp_path, tables=self.RULES), tmp_path / "data", web)
        assert "secret-token-123" not in str(error.value)

    def test_without_a_token_it_says_where_to_make_one(self, client: Any, web: Web, tmp_path: Path) -> None:
        def refuse(handle: str) -> str:
            raise client.exceptions.UnauthenticatedError

        client.competition_download = refuse
        with pytest.raises(DownloadError, match=r"make a token at https://www\.kaggle\.com/settings"):
            go(toy_dataset(tmp_path, tables=self.RULES), tmp_path / "data", web)

    def test_without_the_client_it_says_what_to_install(
        self, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(__import__("sys").modules, "kagglehub", None)
        with pytest.raises(DownloadError, match=r"pip install 'medmat-core\[kaggle\]'"):
            go(toy_dataset(tmp_path, tables=self.TABLES), tmp_path / "data", web)

    def test_the_real_client_has_the_names_that_are_used(self) -> None:
        kagglehub = pytest.importorskip("kagglehub")
        from kagglehub import config, exceptions

        assert callable(kagglehub.dataset_download) and callable(kagglehub.competition_download)
        assert issubclass(exceptions.KaggleApiHTTPError, OSError)
        assert exceptions.UnauthenticatedError and exceptions.DataCorruptionError
        assert config.CACHE_FOLDER_ENV_VAR_NAME == kaggle._CACHE
