"""A picture is asked once, in one part, and no part leaks into another."""

from __future__ import annotations

from collections import Counter

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from medmat_core.model import PARTS
from medmat_core.splits import Decision, Ledger, Part, Side, group_hash, settle
from tests.splitting import Row, decided, ledger_of, never, other_class, settled

ASKED = tuple(part.decision for part in Part)
TRAIN, VAL, TEST = Decision.TRAIN, Decision.VAL, Decision.TEST
LEAK, CONTRADICTORY, TWICE, COPY, CAPPED, _NEAR = (decision for decision in Decision if decision not in ASKED)
CLASSES = ("a", "b", "c")

ROWS = st.lists(
    st.builds(
        Row,
        key=st.integers(1, 60),
        group=st.sampled_from([None, *(f"p{n}" for n in range(10))]),
        mark=st.integers(0, 25),
        side=st.sampled_from(Side),
        stated=st.sampled_from(CLASSES).map(lambda name: (name,)),
    ),
    max_size=40,
)
RULES = st.fixed_dictionaries(
    {
        "split": st.sampled_from(["official", "group"]),
        "test_fraction": st.floats(0, 0.9),
        "validation": st.sampled_from(["train", "test", "own"]),
        "shared": st.booleans(),
        "fold": st.sampled_from([None, (1, 2), (2, 3)]),
    }
)


def consistent(rows: list[Row]) -> list[Row]:
    """One file a path: listings of one key are of one file and have one group, if not one label or side."""
    first: dict[int, Row] = {}
    return [evolve(row, mark=own.mark, group=own.group) for row in rows for own in (first.setdefault(row.key, row),)]


# -- nothing leaks ----------------------------------------------------------------------------------


@given(ROWS, RULES)
def test_no_group_and_no_equal_picture_is_in_two_parts(rows: list[Row], rules: dict[str, object]) -> None:
    rows = consistent(rows)
    parts: dict[object, set[Decision]] = {}
    for row, decision in zip(rows, decided(rows, **rules), strict=True):
        if decision in ASKED:
            parts.setdefault(("key", row.key), set()).add(decision)
            parts.setdefault(("group", row.group or row.key), set()).add(decision)
            parts.setdefault(("mark", row.mark or -row.key), set()).add(decision)
    assert all(len(several) == 1 for several in parts.values())


@given(ROWS, RULES, st.randoms(use_true_random=False))
def test_the_order_in_which_an_adapter_gives_pictures_changes_nothing(rows, rules, random) -> None:  # type: ignore[no-untyped-def]
    rows = consistent(rows)
    mixed = list(rows)
    random.shuffle(mixed)
    rules = rules | {"max_per_label": 3}
    told = Counter(zip(rows, decided(rows, **rules), strict=True))
    assert told == Counter(zip(mixed, decided(mixed, **rules), strict=True))


@given(ROWS, RULES)
def test_a_picture_is_asked_once_in_all_its_copies(rows: list[Row], rules: dict[str, object]) -> None:
    rows = consistent(rows)
    asked: Counter[int] = Counter()
    lists: dict[int, list[Row]] = {}
    clear: set[int] = set()
    decisions = decided(rows, **rules)
    for row, decision in zip(rows, decisions, strict=True):
        same = row.mark or -row.key
        lists.setdefault(same, []).append(row)
        asked[same] += decision in ASKED
        if decision is LEAK:
            clear.add(same)  # its group is in a stronger part
    for same, several in lists.items():
        if len({row.stated for row in several}) > 1:
            assert asked[same] == 0
        elif same not in clear:
            assert asked[same] == 1
    for row, decision in zip(rows, decisions, strict=True):
        if len({other.stated for other in lists[row.mark or -row.key]}) > 1:
            assert decision is CONTRADICTORY


@given(ROWS)
def test_pictures_of_an_official_test_list_are_asked_in_test_or_not_at_all(rows: list[Row]) -> None:
    rows = consistent(rows)
    for row, decision in zip(rows, decided(rows), strict=True):
        if row.side is Side.TEST:
            assert decision in (TEST, CONTRADICTORY, TWICE, COPY)


# -- copies -----------------------------------------------------------------------------------------


def test_of_copies_with_equal_labels_the_first_by_path_is_asked_and_its_brothers_stay() -> None:
    rows = [Row(4, "q", 7), Row(3, "q"), Row(2, "p", 7), Row(1, "p")]
    assert decided(rows, test_fraction=0) == [COPY, TRAIN, TRAIN, TRAIN]
    for seed in range(20):
        decisions = decided(rows, seed=seed, test_fraction=0.5)
        assert decisions[0] is COPY
        assert LEAK not in decisions


def test_copies_are_told_in_the_order_of_their_paths() -> None:
    rows = [Row(9, mark=5), Row(1, mark=5), Row(2, mark=6), Row(7, mark=5)]
    result = settled(rows, split="none")
    assert result.copies == [[1, 3, 0]]
    assert result.count(COPY) == 2


def test_only_files_that_are_equal_are_copies_whatever_their_marks() -> None:
    ledger = ledger_of([Row(1, mark=5), Row(2, mark=5), Row(3, mark=0), Row(4, mark=0)])
    asked_about: list[list[int]] = []

    def identical(candidates: list[list[int]]) -> list[list[int]]:
        asked_about.extend(candidates)
        return []

    result = settle(ledger, seed=0, identical=identical, contradict=other_class, split="none")
    assert asked_about == [[0, 1]]
    assert list(result.decisions) == [TRAIN] * 4


def test_no_file_is_read_where_one_path_is_merely_given_twice() -> None:
    def identical(candidates: list[list[int]]) -> list[list[int]]:
        raise AssertionError("nothing to compare")

    ledger = ledger_of([Row(1, mark=5), Row(1, mark=5), Row(2, mark=6)])
    result = settle(ledger, seed=0, identical=identical, contradict=other_class, split="none")
    assert list(result.decisions) == [TRAIN, TWICE, TRAIN]


def test_a_copy_in_official_train_and_one_in_official_test_leave_one_in_test_and_a_leak() -> None:
    copies = [Row(1, "g1", 5, Side.TRAIN), Row(2, "g2", 5, Side.TEST), Row(3, "g3", 5, Side.TEST)]
    assert decided([*copies, Row(4, "g1", 6, Side.TRAIN)]) == [LEAK, TEST, COPY, TRAIN]


def test_a_copy_without_an_official_side_follows_the_one_that_has_one() -> None:
    assert decided([Row(1, "g1", 5), Row(2, "g2", 5, Side.TEST)]) == [COPY, TEST]
    assert decided([Row(1, "g1", 5), Row(2, "g2", 5, Side.TRAIN)], test_fraction=0.9) == [COPY, TRAIN]


def test_one_path_listed_in_official_train_and_test_is_asked_in_test() -> None:
    assert decided([Row(1, "g", 0, Side.TRAIN), Row(1, "g", 0, Side.TEST)]) == [LEAK, TEST]
    assert decided([Row(1, "g", 0, Side.TEST), Row(1, "g", 0, Side.TEST)]) == [TEST, TWICE]


def test_a_listing_that_contradicts_takes_all_copies_of_the_file_with_it() -> None:
    rows = [Row(1, mark=5), Row(2, mark=5), Row(2, mark=5, stated=("b",)), Row(3, mark=5), Row(4, mark=6)]
    assert decided(rows, split="none") == [CONTRADICTORY] * 4 + [TRAIN]


def test_a_path_given_twice_with_a_copy_is_twice_and_a_copy() -> None:
    rows = [Row(2, mark=5), Row(2, mark=5), Row(1, mark=5), Row(1, mark=5)]
    assert decided(rows, split="none") == [COPY, TWICE, TRAIN, TWICE]


def test_where_labels_differ_without_contradiction_the_copy_that_says_all_is_asked() -> None:
    rows = [Row(1, mark=5, stated=("a",)), Row(2, mark=5, stated=("a", "b")), Row(3, mark=5, stated=("b",))]
    assert decided(rows, contradict=never, split="none") == [COPY, TRAIN, COPY]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"stated": ("a",)}, {"stated": ("b",)}),  # neither says all
        ({"stated": ("a", "b")}, {"stated": ("a",), "absent": ("b",)}),  # what one states the other denies
        ({"stated": ("a",), "absent": ("b",)}, {"stated": (), "absent": ("a",)}),
        ({"stated": ("a", "c"), "absent": ("b",)}, {"stated": ("a",), "uncertain": ("b",)}),  # or leaves open
        ({"stated": ("a",)}, {"stated": (), "uncertain": ("b",)}),
    ],
)
def test_where_no_copy_says_all_that_the_others_say_none_is_asked(one, two) -> None:  # type: ignore[no-untyped-def]
    rows = [Row(1, mark=5, **one), Row(2, mark=5, **two)]
    assert decided(rows, contradict=never, split="none") == [CONTRADICTORY, CONTRADICTORY]
    assert decided(rows[::-1], contradict=never, split="none") == [CONTRADICTORY, CONTRADICTORY]


@pytest.mark.parametrize(
    ("fuller", "other"),
    [
        ({"stated": ("a",)}, {"stated": (), "uncertain": ("a",)}),
        ({"stated": ("a",), "uncertain": ("b",)}, {"stated": ("a",)}),
        ({"stated": ("a",), "uncertain": ("b",)}, {"stated": ("a",), "absent": ("b",)}),
        ({"stated": ("a",), "uncertain": ("b",)}, {"stated": (), "uncertain": ("b",)}),
        ({"stated": ("a", "b"), "absent": ("c",)}, {"stated": ("a",), "absent": ("c",)}),
    ],
)
def test_labels_that_say_or_leave_open_all_that_others_say_cover_them(fuller, other) -> None:  # type: ignore[no-untyped-def]
    rows = [Row(1, mark=5, **other), Row(2, mark=5, **fuller)]
    assert decided(rows, contradict=never, split="none") == [COPY, TRAIN]


def test_copies_whose_fuller_label_stands_on_the_weaker_side_are_not_asked() -> None:
    rows = [Row(1, mark=5, side=Side.TRAIN, stated=("a", "b")), Row(2, mark=5, side=Side.TEST, stated=("a",))]
    assert decided(rows, contradict=never) == [CONTRADICTORY, CONTRADICTORY]


# -- official lists ---------------------------------------------------------------------------------

OFFICIAL = [Row(1, "p", side=Side.TRAIN), Row(2, "q", side=Side.VAL), Row(3, "r", side=Side.TEST)]


@pytest.mark.parametrize(("validation", "decision"), [("train", TRAIN), ("test", TEST), ("own", VAL)])
def test_an_official_validation_part_counts_as_asked_for(validation: str, decision: Decision) -> None:
    assert decided(OFFICIAL, validation=validation) == [TRAIN, decision, TEST]


def test_a_group_on_several_official_sides_stays_on_the_strongest() -> None:
    sides = [Side.TRAIN, Side.VAL, Side.TEST]
    rows = [Row(key, "p", side=side) for key, side in enumerate(sides, 1)]
    assert decided(rows, validation="own") == [LEAK, LEAK, TEST]
    assert decided(rows[:2], validation="own") == [LEAK, VAL]


def test_a_picture_that_is_not_asked_holds_no_group() -> None:
    rows = [Row(1, "p", side=Side.TEST), Row(1, "p", side=Side.TEST, stated=("b",)), Row(2, "p", side=Side.TRAIN)]
    assert decided(rows) == [CONTRADICTORY, CONTRADICTORY, TRAIN]


def test_a_picture_without_official_side_follows_its_group() -> None:
    rows = [*OFFICIAL, Row(4, "p"), Row(5, "q"), Row(6, "r")]
    for fraction in (0, 0.5, 0.99):
        decisions = decided(rows, validation="own", test_fraction=fraction)
        assert decisions[3:] == [TRAIN, VAL, TEST]


@pytest.mark.parametrize(
    ("rows", "rules", "mode"),
    [
        (OFFICIAL, {}, "official"),
        (OFFICIAL, {"unprotected": True}, "official"),
        (OFFICIAL, {"split": "group"}, "group"),
        (OFFICIAL, {"fold": (1, 2)}, "group"),
        (OFFICIAL, {"split": "group", "unprotected": True}, "unprotected"),
        (OFFICIAL, {"split": "none"}, "none"),
        ([Row(1), Row(2)], {}, "unprotected"),
        ([Row(1), Row(2, "p")], {}, "group"),
        ([], {}, "unprotected"),
        ([], {"split": "none"}, "none"),
    ],
)
def test_how_the_split_came_about_is_told(rows: list[Row], rules: dict[str, object], mode: str) -> None:
    assert settled(rows, **rules).mode == mode


def test_no_split_puts_everything_into_train_but_asks_copies_once() -> None:
    rows = [Row(n, f"g{n}", n // 2, Side.TEST) for n in range(1, 6)]
    assert decided(rows, split="none", test_fraction=0.9) == [TRAIN, TRAIN, COPY, TRAIN, COPY]


# -- at most so many a label ------------------------------------------------------------------------


def kept_of(rows: list[Row], limit: int, seed: int = 0) -> set[int]:
    """The rule, word by word, for pictures of one part."""
    often = Counter(name for row in rows for name in row.stated or ("",))
    order = sorted(rows, key=lambda r: (min(often[n] for n in r.stated or ("",)), group_hash(seed, "cap", str(r.key))))
    taken: Counter[str] = Counter()
    kept = set()
    for row in order:
        if all(taken[name] < limit for name in row.stated or ("",)):
            kept.add(row.key)
            taken.update(row.stated or ("",))
    return kept


@given(
    st.lists(st.sets(st.sampled_from("abcd")), max_size=60), st.integers(1, 6), st.integers(0, 3),
    st.sampled_from([Side.TRAIN, Side.TEST, Side.VAL]),
)  # fmt: skip
def test_the_lowest_hashes_of_seed_and_key_are_kept_rarer_labels_first(found, limit, seed, side) -> None:  # type: ignore[no-untyped-def]
    rows = [Row(key, side=side, stated=tuple(sorted(stated))) for key, stated in enumerate(found, 1)]
    decisions = decided(rows, seed, validation="own", max_per_label=limit)
    kept = {row.key for row, decision in zip(rows, decisions, strict=True) if decision is not CAPPED}
    assert kept == kept_of(rows, limit, seed)


def test_the_cap_holds_in_every_part_for_itself() -> None:
    parts = len(ASKED)
    rows = [Row(n, side=Side(1 + n % parts), stated=(CLASSES[n // parts % 2],)) for n in range(1, 200)]
    result = settled(rows, validation="own", max_per_label=7)
    for name in CLASSES[:2]:
        for part in ASKED:
            assert sum(d == part and row.stated == (name,) for row, d in zip(rows, result.decisions, strict=True)) == 7
    assert result.count(CAPPED) == 199 - 2 * parts * 7


def test_which_pictures_are_kept_hangs_on_seed_and_key_alone() -> None:
    rows = [Row(n, f"p{n}", mark=n) for n in range(1, 60)]
    told = [CAPPED is d for d in decided(rows, 3, split="none", max_per_label=9)]
    other = [evolve(row, group=None, mark=0, absent=("c",)) for row in rows]
    assert told == [CAPPED is d for d in decided(other, 3, split="none", max_per_label=9)]
    assert told != [CAPPED is d for d in decided(rows, 4, split="none", max_per_label=9)]


# -- words ------------------------------------------------------------------------------------------


def test_every_decision_has_a_part_or_a_reason() -> None:
    assert [decision.part for decision in ASKED] == list(Part)
    assert [part.decision for part in Part] == list(ASKED)
    for decision in Decision:
        assert (decision.part is None) == bool(decision.reason) == bool(decision.detail)
    assert len({decision.reason for decision in Decision}) == 7


def test_sides_are_named_as_samples_name_them() -> None:
    assert [Side.named(name) for name in (None, *PARTS)] == list(Side)
    assert [part.value for part in Part] == list(PARTS)


def test_a_ledger_of_shards_is_the_ledger_of_all() -> None:
    rows = [Row(n, f"p{n % 3}" if n % 2 else None, n, Side(n % 4), (CLASSES[n % 3],)) for n in range(1, 30)]
    whole = Ledger()
    for start in range(0, len(rows), 7):
        whole.extend(ledger_of(rows[start : start + 7]))
    assert whole == ledger_of(rows)
