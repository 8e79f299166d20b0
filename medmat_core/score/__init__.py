"""Score: what a model said about the records of a build, as figures with intervals, chance and a blind guesser."""

from __future__ import annotations

from medmat_core.score.run import Compared, Report, Scoring, score

__all__ = ["Compared", "Report", "Scoring", "score"]
