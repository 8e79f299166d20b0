"""Stats: what lies in a built folder, as distributions."""

from __future__ import annotations

from medmat_core.stats.counts import DatasetStats, Sizes, Stats, missing_classes, stats

__all__ = ["DatasetStats", "Sizes", "Stats", "missing_classes", "stats"]
