"""Compose: mixtures of subsets over (modality, area, task), for what a model learns apart and is asked together."""
