"""DICOM files without a suffix, as archives of hospitals export them, are pictures like any other."""

from __future__ import annotations

import json
import os
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from medmat_core import tree as trees
from medmat_core.catalog import Catalog
from medmat_core.tree import Tree
from tests.commanded import command
from tests.layouts.laid import dataset_of
from tests.toy import toy_catalog

pydicom = pytest.importorskip("pydicom")

UID = "1.2.840.10008.{patient}.{number}"
FOLDERS = "kind = \"class-folders\"\ngroup = {pattern = 'IM(\\d\\d)\\d\\d'}\n"
TABLE = (
    'kind = "table"\ntable = "labels.csv"\nimage = "uid"\nby = "stem"\nlabel = "class"\ngroup = {column = "patient"}\n'
)
MASKS = 'kind = "masks"\npictures = "films"\nmasks = "masks"\nlabel = "cat"\n'


def film(path: Path, shade: int, bits: int = 12) -> None:
    """A film whose bytes depend on ``shade``; a window is in no file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    depth = np.uint8 if bits == 8 else np.uint16
    pixels = (np.indices((30, 40)).sum(0) * 3 + shade).astype(depth)
    made = pydicom.Dataset()
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = f"1.2.3.{shade}"
    made.Rows, made.Columns = pixels.shape
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PixelRepresentation = 1, "MONOCHROME2", 0
    made.BitsAllocated, made.BitsStored, made.HighBit = pixels.itemsize * 8, bits, bits - 1
    made.PixelData = pixels.tobytes()
    made.save_as(path, enforce_file_format=True)


def in_folders(base: Path, bits: int = 12) -> Catalog:
    """Two folders of IM0001 and the like."""
    for number in range(24):
        film(base / ("cat", "dog")[number % 2] / f"IM{number:02d}01", number, bits)
    (base / "cat" / "README").write_text("no film " * 40)
    return toy_catalog(dataset_of(base.parent.parent / "card", FOLDERS))


def built(catalog: Catalog, data: Path, *more: str) -> list[dict[str, object]]:
    """The records of a build that refused nothing."""
    done = command(
        catalog, "build", "toy", "--data", str(data), "--out", str(data.parent / "out"), "--jobs", "1", *more
    )
    assert done.exit_code == 0, done.output
    files = sorted((data.parent / "out" / "records").glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("verify", ["none", "header", "full"])
def test_films_in_class_folders_are_rendered_whatever_is_verified(tmp_path: Path, verify: str, bits: int) -> None:
    catalog = in_folders(tmp_path / "data" / "toy", bits)
    records = built(catalog, tmp_path / "data", "--verify", verify)
    assert {record["image"] for record in records} == {
        f"rendered/toy/{('cat', 'dog')[n % 2]}/IM{n:02d}01.png" for n in range(24)
    }
    assert {record["group"] for record in records} == {f"toy:{n:02d}" for n in range(24)}
    assert all((tmp_path / "out" / str(record["image"])).is_file() for record in records)


def test_films_called_by_their_uid_are_found_by_a_table(tmp_path: Path) -> None:
    base = tmp_path / "data" / "toy"
    rows = ["uid,class,patient"]
    for number in range(24):
        uid = UID.format(patient=number // 2, number=number)
        film(base / "films" / uid, number)
        rows.append(f"{uid},{('cat', 'dog')[number // 2 % 2]},p{number // 2}")
    (base / "labels.csv").write_text("\n".join(rows) + "\n")
    catalog = toy_catalog(dataset_of(tmp_path / "card", TABLE))
    records = built(catalog, tmp_path / "data")
    assert len({record["image"] for record in records}) == 24


def test_films_have_masks_of_their_own_names(tmp_path: Path) -> None:
    from medmat_core import MaskSample

    base = tmp_path / "toy"
    for number in range(3):
        film(base / "films" / UID.format(patient=1, number=number), number)
        film(base / "masks" / UID.format(patient=1, number=number), 40 + number)
    dataset, tree = dataset_of(tmp_path / "card", MASKS, kind="mask"), Tree(base)
    samples = [sample for sample in dataset.samples(tree, dataset.card) if isinstance(sample, MaskSample)]
    assert [(sample.image, [str(mask.path) for mask in sample.masks]) for sample in samples] == [  # type: ignore[union-attr]
        (f"films/1.2.840.10008.1.{number}", [f"masks/1.2.840.10008.1.{number}"]) for number in range(3)
    ]
    assert not tree.problems


def test_what_was_built_of_them_passes_every_other_command(tmp_path: Path) -> None:
    catalog = in_folders(tmp_path / "data" / "toy")
    data, out = str(tmp_path / "data"), str(tmp_path / "out")
    built(catalog, tmp_path / "data")
    report = tmp_path / "report.json"
    for arguments in (
        ("check", "toy", "--data", data, "--report", str(report)),
        ("audit", out, "--data", data),
        ("preview", out),
        ("export", out, "--to", str(tmp_path / "llava"), "--format", "llava"),
    ):
        done = command(catalog, *arguments)
        assert done.exit_code == 0, done.output
    assert "DICOM 12 bits MONOCHROME2" in report.read_text()
    assert len(list((tmp_path / "llava").rglob("*.png"))) == 24
    assert json.loads(command(catalog, "list", "--json", "--data", data).output)[0]["present"]


def test_only_names_without_a_suffix_are_looked_into(tmp_path: Path) -> None:
    film(tmp_path / "IM0001", 1)
    film(tmp_path / "DICOMDIR", 2)  # what media carry beside their pictures
    for name in ("a.jpg", "b.csv", "c.tar", "d.dcm"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "LICENSE").write_text("short")
    os.mkfifo(tmp_path / "pipe")
    with mock.patch.object(trees, "starts_like_dicom", wraps=trees.starts_like_dicom) as looked:
        tree = Tree(tmp_path)
        assert list(tree.images()) == ["IM0001", "a.jpg", "d.dcm"]
        assert list(tree.images()) == ["IM0001", "a.jpg", "d.dcm"]
        assert list(tree.files("", (".csv",))) == ["b.csv"]
    assert sorted(Path(call.args[0]).name for call in looked.call_args_list) == ["IM0001", "LICENSE"]


def test_a_film_in_disguise_is_rendered_too(tmp_path: Path) -> None:
    """A viewer goes by what the file holds, so that no record may name DICOM of 8 bits, whatever it is called."""
    catalog = in_folders(tmp_path / "data" / "toy")
    film(tmp_path / "data" / "toy" / "cat" / "IM7701.png", 77, bits=8)
    records = built(catalog, tmp_path / "data")
    assert "rendered/toy/cat/IM7701.png.png" in {record["image"] for record in records}
