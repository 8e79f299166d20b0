"""Train, val and test: official where given, else by group, and never leaking.

A data set's pictures are decided together, from a few numbers each, so that a million of them fit: :func:`settle`
turns a :class:`Ledger` into a :class:`Decision` a picture. What data sets must leave out for one another's sake, where
their records share files, is :func:`crossing`.
"""

from medmat_core.splits.crossing import Dropped, Standing, crossing, shared_marks
from medmat_core.splits.ledger import STRONGER, Decision, Labels, Ledger, Part, Side, group_hash
from medmat_core.splits.published import UNSOUND, settle_as_published
from medmat_core.splits.settle import Settled, settle

__all__ = [
    "STRONGER",
    "UNSOUND",
    "Decision",
    "Dropped",
    "Labels",
    "Ledger",
    "Part",
    "Settled",
    "Side",
    "Standing",
    "crossing",
    "group_hash",
    "settle",
    "settle_as_published",
    "shared_marks",
]
