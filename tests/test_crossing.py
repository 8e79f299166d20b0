"""What data sets leave out of shared files, so that these may be concatenated."""

from __future__ import annotations

import random
from collections.abc import Sequence

from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from medmat_core.splits import Decision, Dropped, Labels, Standing, crossing, shared_marks

TRAIN, VAL, TEST, LEAK = Decision.TRAIN, Decision.VAL, Decision.TEST, Decision.LEAK

WIDER = {("pneumonia", "viral"), ("pneumonia", "bacterial")}


def finer(subset: int, one: Labels, two: Labels) -> bool:
    """ "viral" says all that "pneumonia" says."""
    return all(any(a == b or (b, a) in WIDER for a in one[0]) for b in two[0])


def contradict(one: int, a: Labels, two: int, b: Labels) -> bool:
    return ("normal" in a[0]) != ("normal" in b[0])


@frozen
class Seen:
    """A picture of a data set."""

    decision: Decision = TRAIN
    group: int = 1
    digest: int = 0
    stated: str = "pneumonia"


def standing(name: int | str, *seen: Seen, subset: int = 1) -> Standing:
    names = sorted({one.stated for one in seen})
    return Standing(
        name, subset,
        decisions=[one.decision for one in seen],
        groups=[one.group for one in seen],
        digests=[one.digest for one in seen],
        labels=[names.index(one.stated) for one in seen],
        label_sets=[((stated,), (), ()) for stated in names],
    )  # fmt: skip


def dropped(*members: Standing) -> list[Dropped]:
    return crossing(members, finer=finer, contradict=contradict)


def told(*members: Standing) -> list[tuple[int, int]]:
    return [(one.member, one.place) for one in dropped(*members)]


# -- groups and equal pictures that are tested somewhere --------------------------------------------


def test_a_train_picture_whose_group_is_test_in_a_data_set_of_another_subset_is_dropped() -> None:
    found = dropped(
        standing(1, Seen(TRAIN, 5), Seen(TRAIN, 6), subset=1),
        standing(2, Seen(TRAIN, 7), Seen(TEST, 5), subset=2),
        standing(3, Seen(TEST, 5), subset=3),
    )
    assert found == [Dropped(0, 0, "its group is test in 2")]


def test_a_train_picture_that_is_test_in_a_data_set_of_another_subset_is_dropped() -> None:
    found = dropped(
        standing("own", Seen(TRAIN, 1, 77), Seen(TRAIN, 2, 78), subset=1),
        standing(2, Seen(TEST, 3, 77), subset=2),
    )
    assert found == [Dropped(0, 0, "the same picture is test in 2")]


def test_val_goes_before_train_and_test_before_val() -> None:
    found = dropped(
        standing(1, Seen(TRAIN, 1), Seen(VAL, 2, 5), Seen(TRAIN, 3, 6), Seen(VAL, 4), Seen(TEST, 5), subset=1),
        standing(2, Seen(VAL, 1), Seen(TEST, 9, 5), Seen(VAL, 8, 6), Seen(VAL, 4), Seen(TEST, 5), subset=2),
    )
    assert found == [
        Dropped(0, 0, "its group is val in 2"),
        Dropped(0, 1, "the same picture is test in 2"),
        Dropped(0, 2, "the same picture is val in 2"),
    ]


def test_test_is_told_where_a_group_is_val_and_test_elsewhere() -> None:
    found = dropped(standing(1, Seen(TRAIN, 5)), standing(2, Seen(VAL, 5)), standing(3, Seen(TEST, 5)))
    assert found == [Dropped(0, 0, "its group is test in 3"), Dropped(1, 0, "its group is test in 3")]


def test_pictures_that_are_not_asked_drop_nothing_and_are_not_dropped() -> None:
    assert not told(standing(1, Seen(LEAK, 5, 9)), standing(2, Seen(TEST, 5, 9)))
    for way_out in list(Decision)[LEAK:]:
        assert not told(standing(1, Seen(TRAIN, 5, 9)), standing(2, Seen(way_out, 5, 9)))


def test_pictures_of_unknown_bytes_are_not_equal() -> None:
    assert not told(standing(1, Seen(TRAIN, 1, 0), Seen(TRAIN, 2, 0)), standing(2, Seen(TEST, 3, 0)))


# -- equal pictures within a subset -----------------------------------------------------------------


def test_of_equal_pictures_with_equal_labels_the_lower_number_keeps_its_own() -> None:
    found = dropped(standing(10, Seen(digest=5)), standing(9, Seen(digest=5)), standing("a", Seen(digest=5)))
    assert found == [
        Dropped(0, 0, "9 gives the same picture with an equal label"),
        Dropped(2, 0, "9 gives the same picture with an equal label"),
    ]


def test_a_finer_label_wins_over_a_lower_number() -> None:
    found = dropped(standing(60, Seen(digest=5)), standing(62, Seen(digest=5, stated="viral")))
    assert found == [Dropped(0, 0, "62 gives the same picture with a finer label")]


def test_equal_pictures_of_different_subsets_both_stay() -> None:
    assert not told(standing(1, Seen(digest=5), subset=1), standing(2, Seen(digest=5), subset=2))


def test_of_labels_of_which_neither_is_finer_both_stay() -> None:
    one, two = Seen(digest=5, stated="viral"), Seen(digest=5, stated="bacterial")
    assert not told(standing(1, one), standing(2, two))
    assert told(standing(1, one), standing(2, two), standing(3, evolve(one, stated="pneumonia"))) == [(2, 0)]


def test_a_picture_that_is_dropped_for_a_test_part_takes_no_place() -> None:
    fine, coarse = Seen(TRAIN, 1, 5, "viral"), Seen(TEST, 2, 5)
    assert told(standing(1, fine), standing(2, coarse)) == [(0, 0)]


def test_equal_pictures_whose_labels_contradict_are_dropped_in_all_members() -> None:
    found = dropped(
        standing(3, Seen(TEST, 1, 5, "normal"), Seen(TRAIN, 2, 6)),
        standing(1, Seen(TRAIN, 3, 5)),
        standing(2, Seen(TRAIN, 4, 5, "viral")),
    )
    reason = "1 and 3 contradict each other on its label"
    assert found == [Dropped(0, 0, reason), Dropped(1, 0, reason), Dropped(2, 0, reason)]


def test_contradictions_in_different_subsets_are_told_nowhere() -> None:
    assert not told(standing(1, Seen(digest=5, stated="normal"), subset=1), standing(2, Seen(digest=5), subset=2))


def test_what_one_data_set_says_of_equal_pictures_was_settled_there() -> None:
    assert not told(standing(1, Seen(digest=5), Seen(digest=5, stated="normal")), standing(2, Seen(digest=6)))


def test_the_callables_hear_of_members_as_they_were_given() -> None:
    heard: list[object] = []

    def said(one: int, a: Labels, two: int, b: Labels) -> bool:
        heard.append((one, a[0], two, b[0]))
        return False

    def asked(subset: int, one: Labels, two: Labels) -> bool:
        heard.append(subset)
        return False

    members = [standing(8, Seen(digest=5, stated="x"), subset=4), standing(7, Seen(digest=5, stated="y"), subset=4)]
    assert not crossing(members, finer=asked, contradict=said)
    assert heard == [(1, ("y",), 0, ("x",)), 4, 4]


def test_nothing_is_dropped_of_nothing() -> None:
    assert not told()
    assert not told(standing(1), standing(2))


# -- properties -------------------------------------------------------------------------------------

SEEN = st.builds(
    Seen,
    st.sampled_from([TRAIN, VAL, TEST, LEAK]), st.integers(1, 12), st.integers(0, 9),
    st.sampled_from(["pneumonia", "viral", "bacterial", "normal"]),
)  # fmt: skip
MEMBERS = st.lists(st.tuples(st.lists(SEEN, max_size=12), st.integers(1, 2)), max_size=5)


def sound(seen: Sequence[Seen]) -> list[Seen]:
    """As a data set's own split leaves it: a group in one part, a picture once."""
    part: dict[int, Decision] = {}
    digests: set[int] = set()
    found = []
    for one in seen:
        if one.digest in digests:
            continue
        digests |= {one.digest} - {0}
        found.append(evolve(one, decision=part.setdefault(one.group, one.decision)))
    return found


def numbered(pictures: Sequence[Sequence[Seen]], subsets: Sequence[int]) -> list[Standing]:
    return [standing(n, *seen, subset=subset) for n, (seen, subset) in enumerate(zip(pictures, subsets, strict=True))]


@given(MEMBERS, st.randoms(use_true_random=False))
def test_what_is_left_may_be_concatenated(given: list[tuple[list[Seen], int]], mix: random.Random) -> None:
    pictures = [sound(seen) for seen, _ in given]
    members = numbered(pictures, [subset for _, subset in given])
    gone = {(one.member, one.place): one.reason for one in dropped(*members)}
    left = [
        (members[m], one)
        for m, seen in enumerate(pictures)
        for p, one in enumerate(seen)
        if (m, p) not in gone and one.decision is not LEAK
    ]
    for part in (VAL, TEST):
        groups = {one.group for _, one in left if one.decision is part}
        digests = {one.digest for _, one in left if one.decision is part} - {0}
        assert not any(one.decision < part and (one.group in groups or one.digest in digests) for _, one in left)
    for i, (member, one) in enumerate(left):
        for other, two in left[:i]:
            if member is not other and member.subset == other.subset and one.digest == two.digest != 0:
                labels = ((one.stated,), (), ()), ((two.stated,), (), ())
                assert not contradict(0, labels[0], 0, labels[1])
                assert not finer(1, *labels)
                assert not finer(1, *labels[::-1])
    # the order in which data sets are given changes nothing
    order = list(range(len(members)))
    mix.shuffle(order)
    again = {(order[one.member], one.place): one.reason for one in dropped(*(members[m] for m in order))}
    assert again == gone


@given(MEMBERS)
def test_nothing_is_dropped_without_need(given: list[tuple[list[Seen], int]]) -> None:
    pictures = [sound(seen) for seen, _ in given]
    members = numbered(pictures, [subset for _, subset in given])
    asked = [(m, p, one) for m, seen in enumerate(pictures) for p, one in enumerate(seen) if one.decision is not LEAK]
    for m, p in told(*members):
        own = pictures[m][p]
        assert any(
            (n, q) != (m, p)
            and (
                (own.decision < one.decision and (one.group == own.group or one.digest == own.digest != 0))
                or (members[n].subset == members[m].subset and n != m and one.digest == own.digest != 0)
            )
            for n, q, one in asked
        )


def test_marks_that_occur_in_several_data_sets_are_told() -> None:
    found = shared_marks([[5, 5, 0, 6, 7], [0, 7, 8], [], [9, 6, 6]])
    assert [places.tolist() for places in found] == [[3, 4], [1], [], [1, 2]]
    assert shared_marks([]) == []
