"""Phantoms whose modality (texture), area (shape) and task (what is asked of a mark) are drawn apart."""
