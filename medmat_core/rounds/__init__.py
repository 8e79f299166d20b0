"""Rounds: two to four pictures that share one question and one list of options, each option right once.

Arrays in, columns out: no file, card or text is seen here. Everything is sorted by a hash of (salt, key), so that the
order of the input changes nothing but the places that name it. See docs/explanation/rounds.md.
"""

from medmat_core.rounds.boxes import box_rounds
from medmat_core.rounds.coverage import coverage_rounds
from medmat_core.rounds.hashing import Salt
from medmat_core.rounds.labels import label_rounds
from medmat_core.rounds.model import Rounds, Surplus
from medmat_core.rounds.presence import presence_rounds
from medmat_core.rounds.structure import Regions, structure_rounds

__all__ = [
    "Regions",
    "Rounds",
    "Salt",
    "Surplus",
    "box_rounds",
    "coverage_rounds",
    "label_rounds",
    "presence_rounds",
    "structure_rounds",
]
