"""The one question generator that all data sets share."""

from __future__ import annotations

from medmat_core.questions.draws import Draw, bits_of, key_of
from medmat_core.questions.labels import LabelPlanner, Plan, Unasked
from medmat_core.questions.pools import Pools

__all__ = ["Draw", "LabelPlanner", "Plan", "Pools", "Unasked", "bits_of", "key_of"]
