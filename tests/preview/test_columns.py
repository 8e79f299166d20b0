"""What a data file holds, and how records are dealt to files."""

from __future__ import annotations

import json
import re
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from medmat_core.model import ASKS, PARTS, Record
from medmat_core.preview.columns import Pages, Sheet, script
from tests.built import box_record, label_record, opened


def value_of(text: str) -> Any:
    """What a data file hands to the page, read as a browser reads a string in single quotes."""
    body = re.fullmatch(r"[\w.]+\((?:\"[^\"]*\", )*'((?:[^'\\\n]|\\.)*)'\);\n", text)
    assert body is not None
    return json.loads(re.sub(r"\\([\\'nr])", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), body[1]))


def again(sheet: Sheet, like: Record) -> list[Record]:
    """The records of a sheet, put together as the page does it."""
    raw = value_of(script("medmat.shard", sheet.plain(0), "data-0001.js"))
    texts, pictures = raw["texts"], raw["pictures"]
    found = []
    for n, key in enumerate(raw["records"]["key"]):
        row = {name: column[n] for name, column in raw["records"].items()}
        at = row["picture"]
        folder, name = raw["folders"][pictures["folder"][at]], pictures["name"][at]
        boxes = [(texts[one[0]], one[1:]) for one in pictures["boxes"][at] or ()]
        original = evolve(like, key=key)
        found.append(
            evolve(
                original, image=f"{folder}/{name}" if folder else name, width=pictures["width"][at],
                height=pictures["height"][at], group=texts[pictures["group"][at]],
                split=PARTS[pictures["split"][at]], ask=ASKS[row["ask"]], question=texts[row["question"]],
                answer=texts[row["answer"]], answer_index=row["right"], template=row["template"],
                captions=tuple(texts[t] for t in raw["lists"][row["captions"]]),
                options=tuple(texts[t] for t in raw["lists"][row["options"]]),
                round=raw["rounds"][row["round"]] if row["round"] >= 0 else "", boxes=(),
            )
        )  # fmt: skip
        assert [n for _, numbers in boxes for n in numbers] == [n for c in like.boxes for b in c.boxes for n in b]
    return found


@given(st.text(), st.text(), st.text())
def test_every_text_comes_back_from_a_data_file_as_it_was(question: str, name: str, group: str) -> None:
    record = label_record(f"med-mat/{name}", 1, question=question, group=group, captions=(question,))
    sheet = Sheet()
    sheet.add(record)
    sheet.add(opened(record))
    assert again(sheet, record) == [record, opened(record)]


def test_boxes_come_back_from_a_data_file_as_they_were() -> None:
    record = box_record("med-mat/a.png", 3)
    sheet = Sheet()
    sheet.add(record)
    assert again(sheet, record) == [evolve(record, boxes=())]


def test_a_data_file_is_ascii_and_ends_no_script_or_string_early() -> None:
    hostile = "'</script><!-- \\ \u2028 \u2029 \n \r \ud800 \u202e ');alert(1)//"
    text = script("medmat.shard", [hostile], "data-0001.js")
    assert text.isascii()
    assert text.count("\n") == 1
    assert value_of(text) == [hostile]


def test_a_text_that_records_share_is_written_once() -> None:
    sheet = Sheet()
    for number in range(40):
        sheet.add(label_record(f"med-mat/{number}.png", number))
    assert script("f", sheet.plain(0)).count("Which animal does this drawing show?") == 1


def rounds_apart(count: int) -> list[Record]:
    """Rounds of four whose pictures lie far apart, as they do in a sorted file."""
    made = [label_record(f"med-mat/{n:06d}.png", n, round=f"{n % (count // 4):016x}") for n in range(count)]
    return [evolve(one, answer_index=0, split="train") for one in made]


def test_no_round_is_torn_between_files_and_no_file_is_over_the_limit() -> None:
    pages, sheets = Pages(limit=30), []
    records = rounds_apart(200)
    for record in records:
        pages.add(record)
        sheets += pages.full()
    sheets += pages.rest()
    assert len(sheets) > 3
    assert all(len(sheet) <= 30 for sheet in sheets)
    assert sorted(key for sheet in sheets for key in sheet.records["key"]) == sorted(record.key for record in records)
    where: dict[str, set[int]] = {}
    for number, sheet in enumerate(sheets):
        for name in sheet.rounds.items:
            where.setdefault(name, set()).add(number)
    assert all(len(numbers) == 1 for numbers in where.values())


def test_a_file_is_finished_as_soon_as_its_rounds_are_whole() -> None:
    pages = Pages(limit=8)
    done = []
    for number in range(40):
        pages.add(label_record(f"med-mat/{number}.png", number))
        done.append(len(list(pages.full())))
    assert sum(done) == 4
    assert len(list(pages.rest())) == 1
