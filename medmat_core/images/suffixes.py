"""What files are called: the one table of suffixes of pictures and volumes, all in lower case, and of formats."""

from __future__ import annotations

from typing import Final

DICOM_SUFFIXES: Final = (".dcm", ".dicom")

IMAGE_SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".gif", ".webp", *DICOM_SUFFIXES}
)
"""Suffixes of pictures. Volumes are asked for by name."""

NIFTI_SUFFIXES: Final = (".nii", ".nii.gz")

VOLUME_SUFFIXES: Final = (*NIFTI_SUFFIXES, ".npy")
"""Suffixes of volumes whose slices are pictures."""

FOREIGN_VOLUMES: Final = (".npz", ".mha", ".nrrd")
"""Suffixes of volumes that are known for what they are and cannot be read."""

RENDERED_SUFFIXES: Final = (*DICOM_SUFFIXES, *VOLUME_SUFFIXES)
"""Suffixes of what no viewer opens: records name a picture rendered from it."""

PILLOW_FORMATS: Final = ("PNG", "BMP", "DIB", "TIFF", "PPM", "GIF", "WEBP", "JPEG")
"""What Pillow may open, whatever a file's name: no format that runs a program or follows a link."""


def suffix_of(name: str) -> str:
    """The end of a file's name from its last dot, in lower case; '' without one."""
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def is_image(name: str) -> bool:
    """Whether a file's name ends like a picture's, in upper or lower case. Of a bare name only the file can tell."""
    return suffix_of(name) in IMAGE_SUFFIXES


def is_bare(path: str) -> bool:
    """Whether a file's name has no suffix, as archives of hospitals export DICOM: IM0001, or 1.2.840.10008.5.1."""
    name = path[path.rfind("/") + 1 :]
    dot = name.rfind(".")
    return dot <= 0 or name[dot + 1 :].isdecimal()


def without_suffix(name: str) -> str:
    """A file's name without its suffix; a bare name, and one that is all suffix, as they are."""
    return name if is_bare(name) else name[: name.rfind(".")]


def may_be_rendered(path: str) -> bool:
    """Whether records may have to name a picture rendered from this one, by its name: what it holds can tell, too."""
    return path.lower().endswith(RENDERED_SUFFIXES) or is_bare(path)
