"""Structure rounds: one box of text, and in each picture another class inside it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from rounds_oracle import as_keys, check_rounds, members_of, same_rounds, some_keys
from test_box_rounds import drawn_boxes, iou

from medmat_core.rounds import Regions, Salt, structure_rounds

SALT = Salt.of(0, "round", "some-data-set", "train", "structure", "")


class Marked:
    """Pictures with regions of some classes; a record is a picture's largest region of a class."""

    def __init__(self, pictures, classes, seed=0, share=0.5, side=1000):
        chance = np.random.default_rng([seed, pictures, classes])
        count = chance.poisson(share, (pictures, classes))
        count[chance.random(count.shape) < 0.1] += 1  # now and then a second region, which may disturb
        picture, name = np.nonzero(count)
        picture, name = np.repeat([picture, name], count[picture, name], axis=1)
        boxes = drawn_boxes(len(picture), 1, seed, side)[:, 0]
        self.matrix = ~np.eye(classes, dtype=np.bool_)
        for _ in range(classes // 3):
            a, b = chance.integers(0, classes, 2)
            self.matrix[a, b] = self.matrix[b, a] = False
        unsure = np.argwhere((count == 0) & (chance.random(count.shape) < 0.05))
        self.regions = Regions(picture, name, boxes, unsure)
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        order = np.lexsort((-area, name, picture))
        first = np.r_[True, np.diff(picture[order] * classes + name[order]) != 0][: len(order)]
        chosen = order[first]
        self.pictures, self.classes, self.own = picture[chosen], name[chosen], boxes[chosen]
        self.keys = some_keys(len(chosen), seed)

    def rounds(self, order=None, **options):
        some = slice(None) if order is None else order
        return structure_rounds(
            self.keys[some], self.pictures[some], self.classes[some], self.own[some], self.regions, self.matrix, SALT,
            **options,
        )  # fmt: skip

    def touched(self, picture, box):
        """The classes that touch the box in a picture, or may."""
        unsure = {int(name) for place, name in self.regions.unsure if place == picture}
        regions = zip(self.regions.pictures, self.regions.classes, self.regions.boxes.tolist(), strict=True)
        return unsure | {int(name) for place, name, other in regions if place == picture and iou(box, other) > 0}


marked = st.builds(
    Marked, st.integers(0, 30), st.integers(1, 6), st.integers(0, 999), st.sampled_from([0.2, 0.6]),
    st.sampled_from([40, 1000]),
)  # fmt: skip


@given(marked)
def test_each_class_lies_in_the_box_in_its_own_picture_and_touches_it_in_no_other(scene):
    rounds = scene.rounds()
    check_rounds(rounds, scene.keys)
    assert rounds.boxes.shape == (len(rounds), 4)
    for row in range(len(rounds)):
        members = members_of(rounds, row)
        box = rounds.boxes[row].tolist()
        assert len(set(scene.pictures[members].tolist())) == len(members)
        names = scene.classes[members].tolist()
        assert all(scene.matrix[a, b] for place, a in enumerate(names) for b in names[:place])
        for place in members:
            assert 10 * iou(scene.own[place].tolist(), box) >= 3
            others = {name for name in names if name != scene.classes[place]}
            assert not others & scene.touched(scene.pictures[place], box)


@given(marked, st.integers(0, 99))
def test_the_order_of_the_input_changes_nothing(scene, seed):
    moved = np.random.default_rng(seed).permutation(len(scene.keys))
    one, other = scene.rounds(), scene.rounds(moved)
    assert as_keys(one, scene.keys) == as_keys(other, scene.keys[moved])


def test_most_pictures_find_a_round_where_structures_lie_at_like_places():
    scene = Marked(2000, 8, share=0.5)
    shares = scene.rounds().shares
    assert shares["4"] > 0.6 * len(scene.keys)
    assert shares["open"] < 0.15 * len(scene.keys)


def test_a_picture_brings_each_of_its_classes_but_one_at_most_to_a_round():
    boxes = np.array([[100, 100, 300, 300]] * 4, np.int32)
    pictures, classes = np.array([0, 0, 1, 2]), np.array([0, 1, 0, 1])
    # picture 0 shows both classes in the box: nothing can be asked of it there
    rounds = structure_rounds(
        some_keys(4), pictures, classes, boxes, Regions(pictures, classes, boxes), ~np.eye(2, dtype=bool), SALT
    )
    assert rounds.shares == {"4": 0, "3": 0, "2": 2, "surplus": 0, "open": 2}
    assert sorted(pictures[members_of(rounds, 0)]) == [1, 2]
    assert rounds.boxes.tolist() == [[100, 100, 300, 300]]


def test_an_unsure_class_is_nowhere_certainly_absent():
    boxes = np.array([[100, 100, 300, 300], [120, 100, 320, 300]], np.int32)
    two = np.arange(2)
    unsure = np.array([[0, 1]])
    kept = structure_rounds(some_keys(2), two, two, boxes, Regions(two, two, boxes), ~np.eye(2, dtype=bool), SALT)
    left = structure_rounds(
        some_keys(2), two, two, boxes, Regions(two, two, boxes, unsure), ~np.eye(2, dtype=bool), SALT
    )
    assert len(kept) == 1
    assert kept.boxes.tolist() == [[110, 100, 310, 300]]  # the mean of both
    assert len(left) == 0


def test_where_boxes_are_printed_in_pixels_only_pictures_of_equal_size_meet():
    scene = Marked(120, 5)
    sizes = np.random.default_rng(1).integers(1000, 1002, (120, 2))[scene.pictures]
    rounds = scene.rounds(sizes=sizes)
    check_rounds(rounds, scene.keys)
    assert len(rounds)
    assert all(len(np.unique(sizes[members_of(rounds, row)], axis=0)) == 1 for row in range(len(rounds)))


def test_one_picture_more_leaves_nine_of_ten_rounds_as_they_are():
    scene = Marked(9000, 10, share=0.15)
    first = np.random.default_rng(0).permutation(len(scene.keys))
    before = scene.rounds(first[:-1])
    assert same_rounds(before, scene.rounds(first)) >= 0.9
