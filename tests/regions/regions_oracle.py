"""Regions found the slow and obvious way, and masks drawn and written in every encoding, for the tests here."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from hypothesis import strategies as st
from PIL import Image

from medmat_core.card import Card

CARD_HEAD = """
slug = "drawn"
title = "Drawn masks"
folder = "drawn"
modality = "End"
area = "Intestine"
task = "Polyp segmentation"
subset = 39
kind = "mask"
modality_shown = "endoscopy picture"
area_shown = "bowel"
source = "https://example.org"
access = "open"
license = "drawn"
"""


def make_card(folder: Path, below: str = "", labels: str = 'a = "Ant"\nb = "Bee"\nc = "Cow"\nant = "Ant"') -> Card:
    """A card with the given labels and further tables."""
    path = folder / "drawn.toml"
    path.write_text(f"{CARD_HEAD}\n[labels]\n{labels}\n{below}\n", encoding="utf-8")
    return Card.load(path)


# -- the oracle -----------------------------------------------------------------------------------------


def flood_regions(pixels: np.ndarray) -> list[tuple[tuple[int, int, int, int], int, tuple[Fraction, ...]]]:
    """(box, area, cells) of every 8-connected region by flood fill, pixel by pixel, in reading order of boxes."""
    height, width = pixels.shape
    open_ = {(int(y), int(x)) for y, x in zip(*np.nonzero(pixels), strict=True)}
    found = []
    while open_:
        start = open_.pop()
        members, queue = [start], deque([start])
        while queue:
            y, x = queue.popleft()
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    other = (y + dy, x + dx)
                    if other in open_:
                        open_.remove(other)
                        members.append(other)
                        queue.append(other)
        ys, xs = [y for y, _ in members], [x for _, x in members]
        box = (min(xs), min(ys), max(xs) + 1, max(ys) + 1)
        found.append((box, len(members), pixel_cells(members, width, height)))
    return sorted(found, key=lambda item: (item[0][1], item[0][0], item[0][3], item[0][2], item[1], item[2]))


def pixel_cells(members: list[tuple[int, int]], width: int, height: int) -> tuple[Fraction, ...]:
    """The share of unit squares in each of nine equal cells, cut exactly."""
    shares = [Fraction(0)] * 9
    for y, x in members:
        for row in range(3):
            down = min(Fraction(y + 1), Fraction((row + 1) * height, 3)) - max(Fraction(y), Fraction(row * height, 3))
            if down <= 0:
                continue
            for column in range(3):
                across = min(Fraction(x + 1), Fraction((column + 1) * width, 3)) - max(
                    Fraction(x), Fraction(column * width, 3)
                )
                if across > 0:
                    shares[3 * row + column] += down * across
    return tuple(share / len(members) for share in shares)


def as_found(regions) -> list[tuple[tuple[int, int, int, int], int]]:
    """(box, area) of regions, in a fixed order."""
    return sorted((region.box, int(region.area)) for region in regions)


def flood_found(pixels: np.ndarray, floor: float = 1) -> list[tuple[tuple[int, int, int, int], int]]:
    """(box, area) by the oracle, in the same order as :func:`as_found`."""
    return sorted((box, area) for box, area, _ in flood_regions(pixels) if area >= floor)


# -- drawings -------------------------------------------------------------------------------------------


@st.composite
def noise_masks(draw, longest: int = 24) -> np.ndarray:
    """Masks of random pixels, from nearly empty to nearly full: thin lines, holes, diagonals, islands."""
    height = draw(st.integers(1, longest))
    width = draw(st.integers(1, longest))
    density = draw(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9, 0.98]))
    seed = draw(st.integers(0, 2**32 - 1))
    return (np.random.default_rng(seed).random((height, width)) < density).astype(np.uint8)


@st.composite
def drawn_masks(draw, longest: int = 70) -> np.ndarray:
    """Masks of a few boxes, ellipses and rings, which may touch, overlap and leave the picture."""
    height = draw(st.integers(12, longest))
    width = draw(st.integers(12, longest))
    mask = np.zeros((height, width), np.uint8)
    rows, columns = np.mgrid[:height, :width]
    for _ in range(draw(st.integers(0, 4))):
        cx, cy = draw(st.integers(0, width)), draw(st.integers(0, height))
        rx, ry = draw(st.integers(1, width // 2)), draw(st.integers(1, height // 2))
        inner = draw(st.sampled_from([0.0, 0.0, 0.5, 0.8]))
        if draw(st.booleans()):
            reach = ((columns - cx) / rx) ** 2 + ((rows - cy) / ry) ** 2
        else:
            reach = np.maximum(np.abs(columns - cx) / rx, np.abs(rows - cy) / ry) ** 2
        value = draw(st.sampled_from([1, 1, 1, 0]))
        mask[(reach <= 1) & (reach >= inner)] = value
    return mask


# -- encodings ------------------------------------------------------------------------------------------


def write_gray(path: Path, mask: np.ndarray) -> None:
    Image.fromarray(mask * np.uint8(255)).save(path)


def write_one_bit(path: Path, mask: np.ndarray) -> None:
    Image.fromarray(mask.astype(bool)).convert("1").save(path)


def write_rgb(path: Path, mask: np.ndarray) -> None:
    Image.fromarray(np.dstack([mask * np.uint8(255)] * 3)).save(path)


def write_rgba(path: Path, mask: np.ndarray) -> None:
    """White on black with an alpha channel that says nothing: opaque everywhere."""
    gray = mask * np.uint8(255)
    Image.fromarray(np.dstack([gray, gray, gray, np.full_like(gray, 255)])).save(path)


def write_palette(path: Path, mask: np.ndarray) -> None:
    """Index 3 is white, index 5 is black: the index itself tells nothing about brightness."""
    picture = Image.fromarray(np.where(mask, 3, 5).astype(np.uint8))
    picture = picture.convert("P") if picture.mode != "L" else picture.copy()
    picture.putpalette([30, 0, 0] * 3 + [255, 255, 255] + [10, 20, 30] + [0, 0, 0] + [40, 0, 0] * 250)
    picture.save(path)


def write_16_bit(path: Path, mask: np.ndarray) -> None:
    cv2.imwrite(str(path), mask.astype(np.uint16) * 65535)


def write_jpeg(path: Path, mask: np.ndarray) -> None:
    cv2.imwrite(str(path), np.dstack([mask * np.uint8(255)] * 3), [cv2.IMWRITE_JPEG_QUALITY, 100])


def write_npy(path: Path, mask: np.ndarray) -> None:
    np.save(path, mask * np.uint8(255))


def write_nifti(path: Path, mask: np.ndarray) -> None:
    """NIfTI's first axis is x."""
    import nibabel

    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray((mask * np.uint8(255)).T), np.eye(4)), path)


def write_dicom(path: Path, pixels: np.ndarray, bits: int = 8, **keywords) -> None:
    """A minimal DICOM file, explicit little endian unless the pixels are given as bytes with a syntax of their own."""
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = keywords.pop("TransferSyntaxUID", ExplicitVRLittleEndian)
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = SecondaryCaptureImageStorage, "1.2.3.4"
    frames = pixels.ndim == 3
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    if frames:
        dataset.NumberOfFrames = pixels.shape[0]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = 8 * pixels.dtype.itemsize
    dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    data = keywords.pop("encoded", pixels.tobytes())
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    for name, value in keywords.items():
        setattr(dataset, name, value)
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)


FILE_ENCODINGS = {
    "8-bit PNG": ("m.png", write_gray),
    "1-bit PNG": ("m.png", write_one_bit),
    "RGB PNG": ("m.png", write_rgb),
    "RGBA PNG": ("m.png", write_rgba),
    "palette PNG": ("m.png", write_palette),
    "16-bit PNG": ("m.png", write_16_bit),
    "BMP": ("m.bmp", write_gray),
    "1-bit BMP": ("m.bmp", write_one_bit),
    "TIFF": ("m.tif", write_gray),
    "1-bit TIFF": ("m.tif", write_one_bit),
    "16-bit TIFF": ("m.tiff", write_16_bit),
    "PGM": ("m.pgm", write_gray),
    "GIF": ("m.gif", write_gray),
    "best JPEG": ("m.jpg", write_jpeg),
    "NumPy": ("m.npy", write_npy),
    "NIfTI": ("m.nii", write_nifti),
    "packed NIfTI": ("m.nii.gz", write_nifti),
    "DICOM": ("m.dcm", lambda path, mask: write_dicom(path, mask * np.uint8(255))),
    "16-bit DICOM of 12 stored": ("m.dicom", lambda path, mask: write_dicom(path, mask.astype(np.uint16) * 4095, 12)),
}


def run_lengths(mask: np.ndarray, order: str, start: str) -> str:
    """Run lengths by the book: walk the pixels one by one and write down where runs begin and how long they are."""
    height, width = mask.shape
    if order == "rows":
        walk = [mask[y, x] for y in range(height) for x in range(width)]
    else:
        walk = [mask[y, x] for x in range(width) for y in range(height)]
    runs, at, last_end = [], 0, 0
    while at < len(walk):
        if not walk[at]:
            at += 1
            continue
        begin = at
        while at < len(walk) and walk[at]:
            at += 1
        runs += [{"one": begin + 1, "zero": begin, "relative": begin - last_end}[start], at - begin]
        last_end = at
    return " ".join(str(number) for number in runs)
