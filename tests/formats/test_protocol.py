"""What every format keeps: names, batches, bytes, and reading back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from attrs import evolve

from medmat_core.errors import UsageError
from medmat_core.export import ExportOptions, Filters, export
from medmat_core.formats import KINDS, Format, core_formats, formats
from medmat_core.formats.options import options_of
from medmat_core.records import Built, read_records
from tests.built import NAMES, built, label_record, opened, picture, toy

LIGHT = tuple(sorted(set(formats()) - {"hf", "lmms-eval"}))


def bytes_of(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of an export, less its own mark."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".medmat-export.json"
    }


def test_every_core_format_is_a_format_with_a_name_of_its_own() -> None:
    assert all(isinstance(format_, Format) for format_ in core_formats())
    assert list(formats()) == list(KINDS)  # each by the name that the table gives it
    assert all(format_.about for format_ in core_formats())


def test_the_bytes_do_not_hang_on_the_number_of_jobs_or_the_size_of_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = Built.open(toy(tmp_path / "built", 12))
    to = tmp_path / "to"
    found = []
    for jobs, batch in ((1, 256), (2, 1), (1, 5)):
        monkeypatch.setattr("medmat_core.export.run._BATCH", batch)
        monkeypatch.setattr("medmat_core.pipeline.engines.PATIENCE", 0.0)
        export(out, LIGHT, ExportOptions(to, jobs=jobs, ask_as="both", option=("webdataset.samples=3",)))
        found.append(bytes_of(to))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) > 40


def test_what_can_be_read_back_reads_back(tmp_path: Path) -> None:
    to = tmp_path / "to"
    names = ("jsonl", "medmat", "llava", "sharegpt", "swift", "chat", "vlmeval", "webdataset", "medmat-choices", "coco")
    export(Built.open(toy(tmp_path / "built")), names, ExportOptions(to, jobs=1))
    known = formats()
    for name, file, count in (
        ("jsonl", "records/Ori--02-train.jsonl", 5),
        ("medmat", "Aggregated_Subsets/Subset--02-train.json", 4),
        ("llava", "llava/93-test.json", 8),
        ("sharegpt", "sharegpt/train.json", 12),
        ("swift", "swift/train.jsonl", 13),
        ("chat", "chat/test.jsonl", 12),
        ("vlmeval", "vlmeval/medmat-test.tsv", 12),
        ("webdataset", "webdataset/jpg/train-00000.tar", 8),
        ("medmat-choices", "medmat-choices/Subset-44-train.json", 8),
        ("coco", "coco/93-train.json", 12),
    ):
        rows = list(known[name].read(to / file))
        assert len(rows) == count, name
    with pytest.raises(UsageError, match="not valid JSON"):
        (tmp_path / "bad.json").write_text("[{")
        list(known["llava"].read(tmp_path / "bad.json"))


def test_every_record_of_a_trainers_format_carries_key_and_round(tmp_path: Path) -> None:
    to = tmp_path / "to"
    names = ("llava", "sharegpt", "swift", "chat", "evalscope", "medmat-choices", "croissant")
    export(Built.open(toy(tmp_path / "built")), names, ExportOptions(to, jobs=1))
    keys = {record.key: record.round for record in Built.open(tmp_path / "built").records()}
    known = formats()
    seen = 0
    for name in names:
        for file in sorted((to / name).glob("*.json*")):
            if file.name == "dataset_info.json":
                continue
            for row in known[name].read(file):
                assert keys[row["key"]] == row["round"], name
                seen += 1
    assert seen > 100


def test_the_records_of_an_export_are_records(tmp_path: Path) -> None:
    to = tmp_path / "to"
    out = Built.open(toy(tmp_path / "built"))
    export(out, ["jsonl"], ExportOptions(to, jobs=1))
    again = [record for file in sorted((to / "records").iterdir()) for record in read_records(file)]
    before = {record.key: record for record in out.records()}
    assert len(again) == len(before)
    for record in again:
        assert evolve(record, image=before[record.key].image, id=0) == evolve(before[record.key], id=0)
        assert (to / record.image).is_file()


def test_subset_files_leave_out_what_the_build_left_out_there(tmp_path: Path) -> None:
    images = [f"med-mat/{number}.png" for number in range(4)]
    records = []
    for number, image in enumerate(images):
        picture(tmp_path / image, number)
        records.append(label_record(image, number))
    removal = {"subset": 2, "no": 2, "image": images[1], "reason": "split_leak"}
    out = Built.open(built(tmp_path, records, removals=[removal]))
    to = tmp_path / "to"
    export(out, ["medmat", "jsonl", "llava", "medmat-choices", "sharegpt"], ExportOptions(to, jobs=1))

    def count(name: str) -> int:
        return len(json.loads((to / name).read_text()))

    assert count("Original_Medical_Datasets/Ori--02-train.json") == 4
    assert count("Aggregated_Subsets/Subset--02-train.json") == 3
    assert count("medmat-choices/Subset-02-train.json") == 3
    assert count("llava/02-train.json") == 3
    assert count("sharegpt/train.json") == 3
    assert [r["id"] for r in json.loads((to / "Aggregated_Subsets/Subset--02-train.json").read_text())] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("chat.stile=openai", r"did you mean 'style'"),
        ("chatt.style=openai", r"did you mean 'chat'"),
        ("chat.style=gemini", r"none of trl, openai"),
        ("chat=1", r"FORMAT.KEY=VALUE"),
        ("vlmeval.circular=perhaps", r"neither true nor false"),
        ("webdataset.samples=0", r"not a number from 1 up"),
        ("webdataset.samples=many", r"invalid literal"),
        ("llava.sampling=random:10%", r"none of all, first:N"),
        ("coco.by=build", r"has no option 'by'; it has none"),
    ],
)
def test_an_option_that_fits_nothing_is_refused_with_what_does(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        options_of(core_formats(), [text])


def test_options_are_filled_in_with_defaults() -> None:
    found = options_of(core_formats(), ["vlmeval.circular=true", "llava.by=build", "webdataset.samples=10"])
    assert (found["vlmeval"].circular, found["vlmeval"].images) == (True, "inside")
    assert (found["llava"].by, found["llava"].sampling) == ("build", "all")
    assert found["webdataset"].samples == 10


def test_an_unknown_format_is_refused_with_the_nearest(tmp_path: Path) -> None:
    out = Built.open(toy(tmp_path / "built"))
    with pytest.raises(UsageError, match="did you mean 'sharegpt'"):
        export(out, ["shargpt"], ExportOptions(tmp_path / "to"))
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        (Filters(datasets=("toy-label",)), "did you mean 'toy-labels'"),
        (Filters(subsets=(7,)), "it holds 2, 44"),
        (Filters(licenses=("MIT",)), "they have 'CC BY 4.0', 'unknown'"),
        (Filters(asks=("boxes",)), "did you mean 'box'"),
        (Filters(splits=("dev",)), "choose from train, val, test"),
        (Filters(access=("closed",)), "choose from open"),
        (Filters(access=("competition",)), "no records are left"),
    ],
)
def test_a_filter_that_fits_nothing_is_refused_with_what_there_is(tmp_path: Path, filters: Filters, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        export(Built.open(toy(tmp_path / "built")), ["jsonl"], ExportOptions(tmp_path / "to", filters=filters))


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (Filters(), 25),
        (Filters(access=("open",)), 9),
        (Filters(licenses=("cc by*",)), 9),
        (Filters(subsets=(44,)), 16),
        (Filters(datasets=("93",)), 16),
        (Filters(datasets=("toy-labels", "93"), splits=("test",)), 12),
        (Filters(asks=("structure",)), 8),
        (Filters(rounds_only=True), 24),
    ],
)
def test_filters_take_what_they_name(tmp_path: Path, filters: Filters, count: int) -> None:
    done = export(
        Built.open(toy(tmp_path / "built")), ["jsonl"], ExportOptions(tmp_path / "to", jobs=1, filters=filters)
    )
    assert done.records["jsonl"] == count


def test_open_records_stand_in_conversations_only_when_asked_for(tmp_path: Path) -> None:
    picture(tmp_path / "med-mat/a.png", 1)
    records = [label_record("med-mat/a.png", 1), opened(label_record("med-mat/a.png", 2))]
    out = Built.open(built(tmp_path, records))
    for ask_as, count in (("choice", 1), ("open", 2), ("both", 3)):
        to = tmp_path / ask_as
        done = export(out, ["chat", "swift"], ExportOptions(to, jobs=1, ask_as=ask_as))  # type: ignore[arg-type]
        assert done.records["chat"] == count
        assert done.left["chat"] == (1 if ask_as == "choice" else 0)
    assert done.records["swift"] == 3


def test_the_reply_is_the_letter_the_text_or_both(tmp_path: Path) -> None:
    picture(tmp_path / "med-mat/a.png", 1)
    out = Built.open(built(tmp_path, [label_record("med-mat/a.png", 1)]))
    for reply, said in (("letter", "B"), ("text", "Dog"), ("both", "B: Dog")):
        to = tmp_path / reply
        export(out, ["llava"], ExportOptions(to, jobs=1, reply=reply))  # type: ignore[arg-type]
        (row,) = json.loads((to / "llava/02-train.json").read_text())
        human, gpt = (turn["value"] for turn in row["conversations"])
        assert gpt == said
        assert human.splitlines()[:5] == ["<image>", "Which animal does this drawing show?"] + [
            f"{letter}: {name}" for letter, name in zip("ABC", NAMES, strict=False)
        ]
        assert (reply in ("text", "both")) == ("text" in human.splitlines()[-1])
