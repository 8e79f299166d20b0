"""Splits never leak, are stable, and give every class a test part where that is possible."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from medmat_core.splits import (
    CONTRADICTORY,
    LEAK,
    SIDE_TEST,
    SIDE_TRAIN,
    SIDE_UNKNOWN,
    SURPLUS,
    TEST,
    TRAIN,
    TWICE,
    Ledger,
    Settled,
    group_hash,
    settle,
)

CAPTIONS = ("a", "b", "c")
Row = tuple[int, str, int, int, str]  # key, group, mark, side, caption


def ledger_of(rows: Sequence[Row], seed: int = 0) -> Ledger:
    ledger = Ledger()
    for key, group, mark, side, caption in rows:
        ledger.keys.append(key)
        ledger.groups.append(group_hash(seed, "toy", group))
        ledger.marks.append(mark)
        ledger.sides.append(side)
        ledger.labels.append(ledger.label_id(((caption,), (), ())))
    return ledger


def settled(rows: Sequence[Row], split: str = "official", fraction: float = 0.3, **more: object) -> Settled:
    return settle(
        ledger_of(rows),
        seed=0,
        split=split,
        test_fraction=fraction,
        unprotected=False,
        captions=CAPTIONS,
        identical=lambda candidates: candidates,  # in these tests equal marks are equal files
        contradict=lambda one, two: one[0] != two[0],
        **more,  # type: ignore[arg-type]
    )


rows = st.lists(
    st.tuples(
        st.integers(1, 60),
        st.sampled_from([f"p{n}" for n in range(12)]),
        st.integers(0, 25),
        st.sampled_from([SIDE_UNKNOWN, SIDE_TRAIN, SIDE_TEST]),
        st.sampled_from(CAPTIONS),
    ),
    max_size=40,
)


@given(rows, st.sampled_from(["official", "group"]), st.floats(0, 0.9))
def test_train_and_test_share_no_group_and_no_picture(found: list[Row], split: str, fraction: float) -> None:
    decisions = settled(found, split, fraction).decisions
    train = [row for row, decision in zip(found, decisions, strict=True) if decision == TRAIN]
    test = [row for row, decision in zip(found, decisions, strict=True) if decision == TEST]
    assert not {row[1] for row in train} & {row[1] for row in test}
    assert not {row[2] for row in train if row[2]} & {row[2] for row in test}
    assert not {row[0] for row in train} & {row[0] for row in test}


@given(rows)
def test_a_picture_under_two_excluding_classes_gets_no_question_in_any_copy(found: list[Row]) -> None:
    decisions = settled(found).decisions
    for place, (key, _, mark, _, caption) in enumerate(found):
        clash = any(other[4] != caption and (other[0] == key or (mark and other[2] == mark)) for other in found)
        if clash:
            assert decisions[place] in (CONTRADICTORY, TWICE)


@given(rows)
def test_test_pictures_of_an_official_list_stay_in_test(found: list[Row]) -> None:
    decisions = settled(found, "official").decisions
    for row, decision in zip(found, decisions, strict=True):
        if row[3] == SIDE_TEST:
            assert decision in (TEST, CONTRADICTORY, TWICE)


@given(rows, st.floats(0.01, 0.9))
def test_a_class_with_two_groups_has_a_test_part(found: list[Row], fraction: float) -> None:
    unlike = [(key, group, 0, SIDE_UNKNOWN, caption) for key, (_, group, _, _, caption) in enumerate(found, 1)]
    decisions = settled(unlike, "group", fraction).decisions
    for caption in CAPTIONS:
        own = [(row, decision) for row, decision in zip(unlike, decisions, strict=True) if row[4] == caption]
        if len({row[1] for row, _ in own}) >= 2:
            assert any(decision == TEST for _, decision in own)


def test_the_fraction_is_met_over_many_groups() -> None:
    many = [(n, f"g{n}", 0, SIDE_UNKNOWN, "a") for n in range(1, 4001)]
    share = settled(many, "group", 0.1).decisions.count(TEST) / 4000
    assert 0.08 < share < 0.12


def test_no_split_puts_everything_into_train() -> None:
    found = [(n, f"g{n}", n, SIDE_TEST, "a") for n in range(1, 20)]
    assert settled(found, "none").decisions.count(TRAIN) == 19


def test_a_group_keeps_its_side_when_others_come() -> None:
    few = [(n, f"g{n}", 0, SIDE_UNKNOWN, "a") for n in range(1, 200)]
    more = few + [(n, f"g{n}", 0, SIDE_UNKNOWN, "a") for n in range(200, 600)]
    assert settled(more, "group", 0.2).decisions[:199] == settled(few, "group", 0.2).decisions


def test_at_most_so_many_pictures_a_label_and_part() -> None:
    found = [(n, f"g{n}", 0, SIDE_UNKNOWN, CAPTIONS[n % 2]) for n in range(1, 400)]
    decisions = settled(found, "group", 0.3, max_per_label=7).decisions
    for caption in CAPTIONS[:2]:
        for part in (TRAIN, TEST):
            kept = sum(d == part for row, d in zip(found, decisions, strict=True) if row[4] == caption)
            assert kept == 7
    assert SURPLUS in decisions


@given(
    found=st.lists(st.tuples(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("wxyz"))), max_size=60),
    limit=st.integers(1, 6),
)
def test_of_pictures_with_several_labels_no_label_has_more_than_so_many(
    found: list[tuple[set[str], set[str]]], limit: int
) -> None:
    ledger = Ledger()
    for key, (stated, absent) in enumerate(found, 1):
        ledger.keys.append(key)
        ledger.groups.append(group_hash(0, "toy", str(key)))
        ledger.marks.append(0)
        ledger.sides.append(SIDE_UNKNOWN)
        ledger.labels.append(ledger.label_id((tuple(sorted(stated)), (), tuple(sorted(absent)))))
    decisions = settle(
        ledger, seed=0, split="none", test_fraction=0, unprotected=False, captions="abcd",
        identical=list, contradict=lambda one, two: False, max_per_label=limit,
    ).decisions  # fmt: skip
    kept = [stated for (stated, _), decision in zip(found, decisions, strict=True) if decision == TRAIN]
    left = [stated for (stated, _), decision in zip(found, decisions, strict=True) if decision == SURPLUS]
    for label in "abcd":
        assert sum(label in stated for stated in kept) <= limit
    # nothing is left out without need
    full = {label for label in "abcd" if sum(label in stated for stated in kept) == limit}
    assert all(stated & full or (not stated and kept.count(set()) == limit) for stated in left)


def test_train_copies_of_a_test_picture_are_dropped_and_marked() -> None:
    found = [(1, "g1", 5, SIDE_TRAIN, "a"), (2, "g2", 5, SIDE_TEST, "a"), (3, "g3", 6, SIDE_TRAIN, "a")]
    assert list(settled(found).decisions) == [LEAK, TEST, TRAIN]


class Coming(RuleBasedStateMachine):
    """Pictures come and go; whatever lies there, the split leaks nothing and groups do not change sides
    except to give a class its test part."""

    here = Bundle("here")

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[int, Row] = {}
        self.next = 1

    @rule(target=here, group=st.sampled_from("pqrstuvw"), mark=st.integers(0, 6), caption=st.sampled_from(CAPTIONS))
    def add(self, group: str, mark: int, caption: str) -> int:
        key = self.next
        self.next += 1
        self.rows[key] = (key, group, mark, SIDE_UNKNOWN, caption)
        return key

    @rule(key=here)
    def remove(self, key: int) -> None:
        self.rows.pop(key, None)

    @invariant()
    def nothing_leaks(self) -> None:
        found = list(self.rows.values())
        decisions = settled(found, "group", 0.4).decisions
        sides: dict[str, set[int]] = {}
        marks: dict[int, set[int]] = {}
        for row, decision in zip(found, decisions, strict=True):
            if decision in (TRAIN, TEST):
                sides.setdefault(row[1], set()).add(decision)
                if row[2]:
                    marks.setdefault(row[2], set()).add(decision)
        assert all(len(several) == 1 for several in (*sides.values(), *marks.values()))

    @invariant()
    def a_group_below_the_fraction_is_never_in_train(self) -> None:
        found = list(self.rows.values())
        decisions = settled(found, "group", 0.4).decisions
        for row, decision in zip(found, decisions, strict=True):
            if group_hash(0, "toy", row[1]) < int(0.4 * 2**64):
                assert decision != TRAIN


TestComing = Coming.TestCase
