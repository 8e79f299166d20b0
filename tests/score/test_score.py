"""`medmat score` from records and replies to figures."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from attrs import evolve

from medmat_core.cli import run
from medmat_core.errors import UsageError
from medmat_core.export import ExportOptions, export
from medmat_core.formats.vlmeval import CIRCLE
from medmat_core.model import Record
from medmat_core.records import Built
from medmat_core.regions.box_words import BOX_FORMATS, BoxFormat, box_text
from medmat_core.score import Scoring, score
from medmat_core.score.run import Report
from medmat_core.score.tables import Line
from tests.built import box_record, built, label_record, opened, toy

LETTERS = "ABCD"


def labels(out: Path, count: int = 40, **changes: str) -> list[Record]:
    records = [label_record(f"med-mat/{number:03d}.png", number, "test", **changes) for number in range(count)]
    built(out, records)
    return records


def replies(path: Path, records: Iterable[Record], reply: Callable[[Record], str]) -> Path:
    rows = [{"key": record.key, "prediction": reply(record)} for record in records]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def right(record: Record) -> str:
    return LETTERS[record.answer_index]


def line(report: Report, by: str = "all", name: str = "all", file: int = 0) -> Line:
    return next(one for one in report.scored[file].lines if (one.by, one.name) == (by, name))


def test_random_replies_agree_with_scikit_learn_in_every_data_set(tmp_path: Path) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    records = labels(tmp_path)
    boxes = {"slug": "toy-boxes", "no": 93, "subset": 44}
    other = [
        evolve(r, **boxes, key="f" + r.key[1:], answer_index=number % 2, answer=r.options[number % 2])
        for number, r in enumerate(records)
    ]
    built(tmp_path, [*records, *other])
    dice = random.Random(4)
    said = {record.key: dice.randrange(4) for record in (*records, *other)}
    path = replies(
        tmp_path / "p.jsonl", [*records, *other], lambda record: f"The answer is {LETTERS[said[record.key]]}."
    )
    report = score(Built.open(tmp_path), [path])
    for own in (records, other):
        found = line(report, "data set", own[0].slug)
        true, chosen = [r.answer for r in own], [r.options[said[r.key]] for r in own]
        assert found.closed is not None
        assert found.closed.value == pytest.approx(metrics.accuracy_score(true, chosen))
        assert found.balanced == pytest.approx(metrics.balanced_accuracy_score(true, chosen))


def test_a_round_is_right_where_all_of_its_pictures_are(tmp_path: Path) -> None:
    records = labels(tmp_path, 16)
    wrong = {records[0].key, records[5].key, records[6].key}
    path = replies(tmp_path / "p.jsonl", records, lambda r: LETTERS[(r.answer_index + (r.key in wrong)) % 4])
    whole = line(score(Built.open(tmp_path), [path]))
    assert whole.closed is not None and whole.rounds is not None
    assert whole.closed.value == pytest.approx(13 / 16)
    assert (whole.rounds.count, whole.rounds.value) == (4, 0.5)
    assert whole.rounds.chance == pytest.approx(1 / 256)
    assert whole.closed.chance == whole.closed.blind == 0.25


def test_a_round_that_was_not_asked_whole_does_not_count_as_one(tmp_path: Path) -> None:
    records = labels(tmp_path, 8)
    path = replies(tmp_path / "p.jsonl", records[:7], right)
    whole = line(score(Built.open(tmp_path), [path]))
    assert whole.rounds is not None
    assert (whole.rounds.count, whole.incomplete) == (1, 1)
    missed = score(Built.open(tmp_path), [path], Scoring(missing="wrong"))
    assert line(missed).rounds.value == 0.5  # type: ignore[union-attr]
    assert line(missed).closed.count == 8  # type: ignore[union-attr]


def test_unread_replies_are_counted_and_wrong(tmp_path: Path) -> None:
    records = labels(tmp_path, 8)
    path = replies(tmp_path / "p.jsonl", records, lambda r: right(r) if r.answer_index else "I cannot tell.")
    whole = line(score(Built.open(tmp_path), [path]))
    assert whole.closed is not None
    assert (whole.unread, whole.closed.value) == (2, 0.75)


def test_the_blind_guesser_is_fitted_on_train_and_can_be_exchanged(tmp_path: Path) -> None:
    train = [label_record(f"med-mat/t{n}.png", 100 + n, answer_index=0, answer="Cat", round="") for n in range(9)]
    test = [label_record(f"med-mat/{n}.png", n, "test", round="") for n in range(8)]
    built(tmp_path, [*train, *test])
    path = replies(tmp_path / "p.jsonl", test, right)
    assert line(score(Built.open(tmp_path), [path])).closed.blind == 0.25  # type: ignore[union-attr]
    cats = [r for r in test if r.answer == "Cat"]
    path = replies(tmp_path / "p.jsonl", cats, right)
    assert line(score(Built.open(tmp_path), [path])).closed.blind == 1.0  # type: ignore[union-attr]
    report = score(Built.open(tmp_path), [path], blind=lambda train: lambda record: 0.5)
    assert line(report).closed.blind == 0.5  # type: ignore[union-attr]


def test_a_circular_file_is_right_where_every_turn_is(tmp_path: Path) -> None:
    records = labels(tmp_path, 8)
    always_a = records[0].key
    rows = ["index\tkey\tprediction"]
    for number, record in enumerate(records, 1):
        for turn in range(4):
            said = LETTERS[0] if record.key == always_a else LETTERS[(record.answer_index - turn) % 4]
            rows.append(f"{turn * CIRCLE + number}\t{record.key}\t{said}")
    path = tmp_path / "p.tsv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    report = score(Built.open(tmp_path), [path])
    assert report.scored[0].circular
    assert line(report).closed.value == 7 / 8  # type: ignore[union-attr]
    assert line(report).closed.chance == pytest.approx(0.25**4)  # type: ignore[union-attr]


def test_what_vlmevalkit_is_given_comes_back_in_full(tmp_path: Path) -> None:
    out = toy(tmp_path / "built", 16)
    options = ExportOptions(tmp_path / "to", option=("vlmeval.circular=true", "vlmeval.by=build"), jobs=1)
    export(Built.open(out), ["vlmeval"], options)
    asked = next((tmp_path / "to" / "vlmeval").glob("*test*.tsv"))
    csv.field_size_limit(1 << 30)
    with asked.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, dialect="excel-tab"))
    answered = tmp_path / "answered.tsv"
    with answered.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines, dialect="excel-tab")
        table.writerow(["index", "key", "prediction"])
        table.writerows([row["index"], row["key"], row["answer"]] for row in rows)
    report = score(Built.open(out), [answered])
    assert line(report).closed.value == 1.0  # type: ignore[union-attr]
    assert report.scored[0].odd == {}


@pytest.mark.parametrize("fmt", BOX_FORMATS)
def test_boxes_are_scored_by_how_they_overlap(tmp_path: Path, fmt: BoxFormat) -> None:
    records = [opened(box_record(f"med-mat/{n}.png", n, "test", fmt, (640, 480))) for n in range(4)]
    built(tmp_path, records, fmt=fmt)

    def reply(record: Record) -> str:
        if record is records[1]:
            return "nothing"
        if record is records[2]:  # one of two
            return box_text([record.boxes[0].boxes[0]], (640, 480), fmt)
        return f"They lie at {record.answer}"

    whole = line(score(Built.open(tmp_path), [replies(tmp_path / "p.jsonl", records, reply)]))
    assert whole.boxes is not None and whole.fitting is not None
    assert whole.closed is None
    assert whole.boxes.count == 4
    assert whole.unread == 1
    assert whole.boxes.value == pytest.approx((1 + 0 + 0.5 + 1) / 4, abs=0.08)
    assert whole.fitting.value == 0.5


def test_open_questions_are_read_among_the_answers_of_their_data_set(tmp_path: Path) -> None:
    records = [opened(label_record(f"med-mat/{n}.png", n, "test")) for n in range(8)]
    built(tmp_path, records)
    path = replies(tmp_path / "p.jsonl", records, lambda r: f"This is a {r.answer.lower()}." if r.answer_index else "A")
    whole = line(score(Built.open(tmp_path), [replies(path, records, lambda r: f"This is a {r.answer.lower()}.")]))
    assert whole.open is not None
    assert (whole.open.value, whole.open.chance) == (1.0, 0.25)
    letters = line(score(Built.open(tmp_path), [replies(path, records, lambda r: "A")]))
    assert letters.unread == 8


def test_two_files_are_compared_question_by_question(tmp_path: Path) -> None:
    records = labels(tmp_path, 20)
    first = replies(tmp_path / "a.jsonl", records, right)
    bad = {record.key for record in records[:6]}
    second = replies(tmp_path / "b.jsonl", records, lambda r: LETTERS[(r.answer_index + (r.key in bad)) % 4])
    (pair,) = score(Built.open(tmp_path), [first, second]).compared
    assert (pair.count, pair.only_first, pair.only_second) == (20, 6, 0)
    assert pair.p == pytest.approx(2 / 2**6)
    assert pair.difference == pytest.approx(0.3)
    assert 0 < pair.low < 0.3 < pair.high


def test_keys_of_no_record_are_counted_and_a_file_of_them_alone_is_refused(tmp_path: Path) -> None:
    records = labels(tmp_path, 4)
    path = replies(tmp_path / "p.jsonl", [*records, evolve(records[0], key="stranger")], right)
    assert score(Built.open(tmp_path), [path]).scored[0].odd == {"key of no record": 1}
    with pytest.raises(UsageError, match="none of its 1 keys"):
        score(Built.open(tmp_path), [replies(path, [evolve(records[0], key="stranger")], right)])


def test_records_of_one_group_are_drawn_together(tmp_path: Path) -> None:
    records = labels(tmp_path, 40, group="toy:one", round="")
    path = replies(tmp_path / "p.jsonl", records, lambda r: right(r) if r.answer_index else "A")
    figure = line(score(Built.open(tmp_path), [path])).closed
    assert figure is not None
    assert figure.groups == 1


def test_every_way_in_which_records_differ_has_its_lines(tmp_path: Path) -> None:
    out = toy(tmp_path, 16)
    path = replies(tmp_path / "p.jsonl", list(Built.open(out).records()), lambda r: LETTERS[max(0, r.answer_index)])
    ways = defaultdict(list)
    for one in score(Built.open(out), [path]).scored[0].lines:
        ways[one.by].append(one.name)
    assert ways["modality"] == ["CT", "Ultrasound"]
    assert ways["area"] == ["Kidney", "Thyroid"]
    assert ways["task"] == ["detection", "disease"]
    assert ways["ask"] == ["box", "label", "structure"]
    assert ways["data set"] == ["toy-boxes", "toy-labels"]
    assert ways["part"] == ["test", "train"]


def test_the_command_prints_tabs_in_a_pipe_and_json_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = labels(tmp_path, 8)
    path = replies(tmp_path / "p.jsonl", records, right)
    assert run(["score", str(tmp_path), str(path), str(path)]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out), dialect="excel-tab"))
    assert rows[0]["accuracy"] == rows[0]["rounds_right"] == "1.0000"
    assert run(["score", str(tmp_path), str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"][0]["figures"][0]["closed"]["value"] == 1.0
    assert run(["score", str(tmp_path), str(path), "--box-format", "yolo"]) == 2
    assert run(["score", str(tmp_path), str(path), "--part", "tset"]) == 2


def test_the_map_is_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    out = toy(tmp_path, 16)
    path = replies(tmp_path / "p.jsonl", list(Built.open(out).records("test")), right)
    for suffix, start in ((".png", b"\x89PNG"), (".svg", b"<?xml")):
        assert run(["score", str(out), str(path), "--plot", str(tmp_path / f"map{suffix}")]) == 0
        assert (tmp_path / f"map{suffix}").read_bytes().startswith(start)
    assert run(["score", str(out), str(path), "--plot", str(tmp_path / "map.txt")]) == 2
