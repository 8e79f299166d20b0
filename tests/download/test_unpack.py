"""Archives that nobody has to trust: what they may do, and all that they may not."""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from medmat_core.download import chest as rooms
from medmat_core.download import space
from medmat_core.download.chest import DamagedError
from medmat_core.download.unpack import is_archive, unpack
from medmat_core.errors import DownloadError, NoSpaceError
from tests.download.loopback import Quiet

FILES = {"set/a.png": b"a" * 5000, "set/deep/er/b.csv": b"x,y\n", "readme.txt": b""}


def zipped(path: Path, files: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, body in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if change is not None:
                change(info)
            out.writestr(info, body)
    return path


def tarred(path: Path, files: dict[str, bytes], change: Callable[[tarfile.TarInfo], None] | None = None) -> Path:
    mode = {".gz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w")
    with tarfile.open(path, mode) as out:  # type: ignore[call-overload]
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            if change is not None:
                change(info)
            out.addfile(info, io.BytesIO(body) if info.isreg() else None)
    return path


def sevened(path: Path, files: dict[str, bytes]) -> Path:
    py7zr = pytest.importorskip("py7zr")
    with py7zr.SevenZipFile(path, "w") as out:
        for name, body in files.items():
            out.writestr(body, name)
    return path


def found(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "7z"])
def test_each_kind_of_archive_gives_its_files(tmp_path: Path, quiet: Quiet, suffix: str) -> None:
    make = {"zip": zipped, "7z": sevened}.get(suffix, tarred)
    archive = make(tmp_path / f"a.{suffix}", FILES)
    assert is_archive(archive.name.upper())
    assert unpack(archive, tmp_path / "out", quiet) == 3
    assert found(tmp_path / "out") == FILES
    assert quiet.done == sum(map(len, FILES.values()))


def test_a_packed_tar_is_known_by_its_bytes_not_by_its_name(tmp_path: Path, quiet: Quiet) -> None:
    archive = tarred(tmp_path / "a.tar.gz", FILES).rename(tmp_path / "a.tar")
    unpack(archive, tmp_path / "out", quiet)
    assert found(tmp_path / "out") == FILES


ESCAPES = ["../evil.txt", "set/../../evil.txt", "/tmp/evil.txt", "..\\evil.txt", "C:\\evil.txt", "a/\x07b"]


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("make", [zipped, tarred, sevened])
def test_a_path_that_leads_out_refuses_the_archive(
    tmp_path: Path, quiet: Quiet, monkeypatch: pytest.MonkeyPatch, name: str, make: Callable[..., Path]
) -> None:
    suffix = {zipped: "zip", tarred: "tar"}.get(make, "7z")
    if make is sevened:  # py7zr does not write such names itself
        monkeypatch.setattr(pytest.importorskip("py7zr").py7zr, "check_archive_path", lambda name: True)
    archive = make(tmp_path / f"a.{suffix}", {"good.txt": b"good", name: b"evil"})
    (tmp_path / "box").mkdir()
    with pytest.raises(DownloadError, match=r"leads out of its folder|cannot be the name"):
        unpack(archive, tmp_path / "box/out", quiet)
    assert not list(tmp_path.rglob("*evil*")) and not Path("/tmp/evil.txt").exists()


def _link(info: zipfile.ZipInfo) -> None:
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def _pipe(info: zipfile.ZipInfo) -> None:
    info.create_system = 3
    info.external_attr = (stat.S_IFIFO | 0o777) << 16


@pytest.mark.parametrize(("change", "told"), [(_link, "a link"), (_pipe, "a device or a pipe")])
def test_a_zip_with_a_link_or_a_pipe_is_refused(
    tmp_path: Path, quiet: Quiet, change: Callable[[zipfile.ZipInfo], None], told: str
) -> None:
    archive = zipped(tmp_path / "a.zip", {"passwd": b"/etc/passwd"}, change)
    with pytest.raises(DownloadError, match=f"'passwd' is {told}"):
        unpack(archive, tmp_path / "out", quiet)
    assert found(tmp_path / "out") == {}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.FIFOTYPE, "a device or a pipe"),
    ],
)
def test_a_tar_with_a_link_or_a_device_is_refused(tmp_path: Path, quiet: Quiet, kind: bytes, told: str) -> None:
    def change(info: tarfile.TarInfo) -> None:
        info.type, info.linkname, info.size = kind, "../../etc/passwd", 0

    archive = tarred(tmp_path / "a.tar.gz", {"passwd": b""}, change)
    with pytest.raises(DownloadError, match=f"'passwd' is {told}"):
        unpack(archive, tmp_path / "out", quiet)
    assert not (tmp_path / "out/passwd").is_symlink() and found(tmp_path / "out") == {}


@pytest.mark.parametrize("make", [zipped, tarred, sevened])
def test_a_bomb_is_given_up(
    tmp_path: Path, quiet: Quiet, monkeypatch: pytest.MonkeyPatch, make: Callable[..., Path]
) -> None:
    monkeypatch.setattr(rooms, "FLOOR", 1 << 16)
    monkeypatch.setattr(rooms, "RATIO", 20)
    suffix = {zipped: "zip", tarred: "tar.gz"}.get(make, "7z")
    archive = make(tmp_path / f"a.{suffix}", {"zeros": bytes(4 << 20)})
    assert archive.stat().st_size < 20_000
    with pytest.raises(DownloadError, match=r"which no archive of|more than .* bytes come out|larger than"):
        unpack(archive, tmp_path / "out", quiet)
    assert sum(map(len, found(tmp_path / "out").values())) <= 1 << 20


def test_a_zip_that_lies_about_its_sizes_is_given_up(tmp_path: Path, quiet: Quiet) -> None:
    archive = zipped(tmp_path / "a.zip", {"zeros": bytes(1 << 20)})
    raw = archive.read_bytes()
    size = (1 << 20).to_bytes(4, "little")
    archive.write_bytes(raw.replace(size, (1000).to_bytes(4, "little")))
    with pytest.raises(DownloadError):
        unpack(archive, tmp_path / "out", quiet)
    assert sum(map(len, found(tmp_path / "out").values())) <= 1000


@pytest.mark.parametrize("make", [zipped, tarred, sevened])
@pytest.mark.parametrize("keep", [0.4, 0.9])
def test_an_archive_that_is_cut_short_is_damaged(
    tmp_path: Path, quiet: Quiet, make: Callable[..., Path], keep: float
) -> None:
    suffix = {zipped: "zip", tarred: "tar.gz"}.get(make, "7z")
    archive = make(tmp_path / f"a.{suffix}", {f"{n}.bin": os.urandom(20_000) for n in range(5)})
    raw = archive.read_bytes()
    archive.write_bytes(raw[: int(len(raw) * keep)])
    with pytest.raises(DamagedError, match="damaged or cut short"):
        unpack(archive, tmp_path / "out", quiet)


def test_a_tar_that_lacks_only_its_end_is_damaged(tmp_path: Path, quiet: Quiet) -> None:
    archive = tarred(tmp_path / "a.tar.gz", FILES)
    archive.write_bytes(archive.read_bytes()[:-4])
    with pytest.raises(DamagedError):
        unpack(archive, tmp_path / "out", quiet)


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_a_packed_tar_with_changed_bytes_is_damaged(tmp_path: Path, quiet: Quiet, suffix: str) -> None:
    archive = tarred(tmp_path / f"a.tar.{suffix}", {"a.bin": os.urandom(50_000)})
    raw = bytearray(archive.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 40] = bytes(40)
    archive.write_bytes(raw)
    with pytest.raises(DamagedError):
        unpack(archive, tmp_path / "out", quiet)


def test_changed_bytes_are_told_by_the_checksum_within(tmp_path: Path, quiet: Quiet) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr("a.bin", b"0123456789" * 100)
    raw = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(raw.replace(b"0123456789", b"0123456780", 1))
    with pytest.raises(DamagedError):
        unpack(tmp_path / "a.zip", tmp_path / "out", quiet)


@pytest.mark.parametrize("make", [zipped, sevened])
def test_no_room_for_what_it_holds_is_told_before_anything_is_written(
    tmp_path: Path, quiet: Quiet, monkeypatch: pytest.MonkeyPatch, make: Callable[..., Path]
) -> None:
    archive = make(tmp_path / ("a.zip" if make is zipped else "a.7z"), FILES)
    monkeypatch.setattr(space, "free", lambda folder: space.RESERVE + 100)
    with pytest.raises(NoSpaceError, match="what a"):
        unpack(archive, tmp_path / "out", quiet)
    assert found(tmp_path / "out") == {}


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path, quiet: Quiet) -> None:
    (tmp_path / "out/set").mkdir(parents=True)
    (tmp_path / "out/set/a.png").write_bytes(b"mine")
    with pytest.raises(DownloadError, match="there twice"):
        unpack(zipped(tmp_path / "a.zip", FILES), tmp_path / "out", quiet)
    assert (tmp_path / "out/set/a.png").read_bytes() == b"mine"


def test_two_members_of_one_name_are_refused(tmp_path: Path, quiet: Quiet) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as out:
        for body in (b"one", b"two"):
            info = tarfile.TarInfo("a.txt")
            info.size = 3
            out.addfile(info, io.BytesIO(body))
    with pytest.raises(DownloadError, match=r"'a\.txt' is there twice"):
        unpack(tmp_path / "a.tar", tmp_path / "out", quiet)


@pytest.mark.parametrize("folds", [True, False])
def test_names_that_differ_in_letter_case_are_refused_only_where_the_disk_cannot_tell_them_apart(
    tmp_path: Path, quiet: Quiet, monkeypatch: pytest.MonkeyPatch, folds: bool
) -> None:
    files = {"Im1.JPG": b"one", "im1.jpg": b"other"}
    monkeypatch.setattr(rooms, "folds_case", lambda folder: folds)
    archive = zipped(tmp_path / "a.zip", files)
    if folds:
        with pytest.raises(DownloadError, match=r"'im1\.jpg' is the same as 'Im1\.JPG' on this disk"):
            unpack(archive, tmp_path / "out", quiet)
    elif not rooms.folds_case(tmp_path):
        unpack(archive, tmp_path / "out", quiet)
        assert found(tmp_path / "out") == files


def test_a_file_where_a_folder_is_named_is_refused(tmp_path: Path, quiet: Quiet) -> None:
    with pytest.raises(DownloadError, match="a file and a folder"):
        unpack(zipped(tmp_path / "a.zip", {"a": b"file", "a/b": b"below it"}), tmp_path / "out", quiet)


def test_names_of_other_encodings_become_readable(tmp_path: Path, quiet: Quiet) -> None:
    wanted = "肺/é.png"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:  # UTF-8 bytes without the flag that says so
        out.writestr("x" * len(wanted.encode()), b"1")
    raw = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(raw.replace(b"x" * len(wanted.encode()), wanted.encode()))
    unpack(tmp_path / "a.zip", tmp_path / "out", quiet)
    assert found(tmp_path / "out") == {wanted: b"1"}

    with tarfile.open(tmp_path / "b.tar", "w", encoding="latin-1", format=tarfile.GNU_FORMAT) as tar:
        info = tarfile.TarInfo("hypertrophié.png")
        info.size = 1
        tar.addfile(info, io.BytesIO(b"2"))
    unpack(tmp_path / "b.tar", tmp_path / "tar", quiet)
    assert found(tmp_path / "tar") == {"hypertrophié.png": b"2"}


def test_backslashes_separate_folders(tmp_path: Path, quiet: Quiet) -> None:
    unpack(zipped(tmp_path / "a.zip", {"set\\a.png": b"1"}), tmp_path / "out", quiet)
    assert found(tmp_path / "out") == {"set/a.png": b"1"}


def test_a_zip_with_a_password_is_refused(tmp_path: Path, quiet: Quiet) -> None:
    archive = zipped(tmp_path / "a.zip", {"a.txt": b"1"})
    raw = bytearray(archive.read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(raw)
    with pytest.raises(DownloadError, match="locked by a password"):
        unpack(archive, tmp_path / "out", quiet)


def test_without_py7zr_a_7z_says_what_to_install(tmp_path: Path, quiet: Quiet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "py7zr", None)
    (tmp_path / "a.7z").write_bytes(b"7z")
    with pytest.raises(DownloadError, match=r"pip install 'medmat-core\[7z\]'"):
        unpack(tmp_path / "a.7z", tmp_path / "out", quiet)


def _program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")
class TestRar:
    """RAR, by stand-ins for the programs that unpack it: they copy what the test laid out."""

    @pytest.fixture
    def path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        (tmp_path / "a.rar").write_bytes(b"Rar!")
        return tmp_path / "bin"

    def test_without_a_program_it_says_which_to_install(self, tmp_path: Path, quiet: Quiet, path: Path) -> None:
        with pytest.raises(DownloadError, match=r"need bsdtar .* or unar on PATH"):
            unpack(tmp_path / "a.rar", tmp_path / "out", quiet)

    @pytest.mark.parametrize(("name", "place"), [("bsdtar", "$5"), ("unar", "$5")])
    def test_either_program_unpacks_it(self, tmp_path: Path, quiet: Quiet, path: Path, name: str, place: str) -> None:
        _program(path, name, f'echo vessel > "{place}/a b.txt"')
        assert unpack(tmp_path / "a.rar", tmp_path / "out", quiet) == 1
        assert found(tmp_path / "out") == {"a b.txt": b"vessel\n"}

    def test_what_fails_is_damaged(self, tmp_path: Path, quiet: Quiet, path: Path) -> None:
        _program(path, "bsdtar", "echo Truncated input file >&2; exit 1")
        with pytest.raises(DamagedError, match=r"bsdtar cannot unpack it .Truncated input file"):
            unpack(tmp_path / "a.rar", tmp_path / "out", quiet)

    def test_a_link_that_it_leaves_is_refused(self, tmp_path: Path, quiet: Quiet, path: Path) -> None:
        _program(path, "bsdtar", f'{shutil.which("ln", path="/bin:/usr/bin")} -s /etc/passwd "$5/passwd"')
        with pytest.raises(DownloadError, match="'passwd' is a link"):
            unpack(tmp_path / "a.rar", tmp_path / "out", quiet)
