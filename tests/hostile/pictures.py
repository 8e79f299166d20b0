"""Pictures, DICOM files, volumes and masks that lie: one beside twenty sound ones, read with ``--verify full``."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from PIL import Image, PngImagePlugin

from medmat_core import Dataset, LabelSample, readers
from medmat_core.catalog import Catalog
from medmat_core.subsets import load_subset
from tests.hostile.case import Case, World, told
from tests.regions.regions_oracle import write_dicom
from tests.toy import picture, toy_card, toy_catalog, toy_dataset

PIXELS: Final = (np.indices((30, 40)).sum(0) * 3 % 256).astype(np.uint8)
COLORS: Final = np.stack([PIXELS, PIXELS[::-1], PIXELS[:, ::-1]], 2)


def saved(kind: str, array: Any = COLORS, mode: str | None = None, **options: Any) -> bytes:
    made = io.BytesIO()
    shown = Image.fromarray(array)
    (shown.convert(mode) if mode else shown).save(made, kind, **options)
    return made.getvalue()


def beside(name: str, content: bytes | Callable[[], bytes]) -> Callable[[World], None]:
    """One more picture of the class cat."""

    def spoil(world: World) -> None:
        world.write(f"pics/cat/{name}", content if isinstance(content, bytes) else content())

    return spoil


# -- JPEG, PNG, TIFF and others ---------------------------------------------------------------------------


def cut_before(marker: int) -> bytes:
    """A JPEG up to, but not including, one of its segments."""
    whole = saved("JPEG")
    return whole[: whole.index(bytes([0xFF, marker]))]


def with_size(height: int, width: int, jpeg: bytes = b"") -> bytes:
    """A JPEG whose header claims a size."""
    whole = bytearray(jpeg or saved("JPEG"))
    at = whole.index(b"\xff\xc0")
    whole[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(whole)


def png(*chunks: tuple[bytes, bytes], width: int = 40, height: int = 30, depth: int = 8, kind: int = 0) -> bytes:
    """A PNG of these chunks between its header and its end."""
    every = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in every
    )


ROWS: Final = zlib.compress(b"".join(b"\0" + bytes(row) for row in PIXELS))
BOMB: Final = zlib.compress(bytes(1 << 28), 9)


def tiff(*entries: tuple[int, int, int, int], tail: bytes = b"", next_: int = 0) -> bytes:
    """A little-endian TIFF of one directory; an entry is tag, type, count, value."""
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8) + body + struct.pack("<I", next_) + tail


def grey_tiff(**changed: int) -> bytes:
    tags = {"width": (256, 40), "height": (257, 30), "bits": (258, 8), "packing": (259, 1), "color": (262, 1), "offset": (273, 0), "planes": (277, 1), "rows": (278, 30), "length": (279, 1200)}  # fmt: skip
    start = 8 + 2 + 12 * len(tags) + 4
    values = {**{name: value for name, (_, value) in tags.items()}, "offset": start, **changed}
    next_ = values.pop("next_", 0)
    return tiff(*((tags[name][0], 4, 1, value) for name, value in values.items()), tail=PIXELS.tobytes(), next_=next_)


def big_tiff() -> bytes:
    """The same with 64-bit offsets."""
    tags = [(256, 40), (257, 30), (258, 8), (259, 1), (262, 1), (273, 0), (277, 1), (278, 30), (279, 1200)]
    start = 16 + 8 + 20 * len(tags) + 8
    body = struct.pack("<Q", len(tags)) + b"".join(
        struct.pack("<HHQQ", tag, 4, 1, start if tag == 273 else value) for tag, value in tags
    )
    return b"II+\0" + struct.pack("<HHQ", 8, 0, 16) + body + struct.pack("<Q", 0) + PIXELS.tobytes()


def oriented(number: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = number
    return saved("JPEG", exif=exif.tobytes())


def text_bomb() -> bytes:
    return png((b"zTXt", b"note\0\0" + BOMB), (b"IDAT", ROWS))


def many(kind: str, **options: Any) -> bytes:
    pages = [Image.fromarray(np.roll(COLORS, step, 0)) for step in range(3)]
    made = io.BytesIO()
    pages[0].save(made, kind, save_all=True, append_images=pages[1:], **options)
    return made.getvalue()


def pnm(text: str, body: bytes = PIXELS.tobytes()) -> bytes:
    return text.encode() + body


def noted() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("note", "x" * 1_000_000)
    return saved("PNG", pnginfo=info)


FILES: Final[Sequence[tuple[str, str, bytes | Callable[[], bytes]]]] = [
    *((f"a picture called {suffix} is empty", f"x{suffix}", b"") for suffix in (".jpg", ".png", ".bmp", ".tif", ".pgm", ".gif", ".webp", ".dcm")),
    *(
        (f"a picture called {suffix} is {what}", f"x{suffix}", content)
        for suffix in (".jpg", ".png", ".tif")
        for what, content in [("a web page", b"<!DOCTYPE html><html>404</html>"), ("a pointer of Git LFS", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"), ("zeros", bytes(5000))]
    ),
    *((f"a JPEG ends before its segment {marker:02X}", "x.jpg", cut_before(marker)) for marker in (0xDB, 0xC0, 0xC4, 0xDA)),
    ("a JPEG ends amid its pixels", "x.jpg", saved("JPEG")[:-200]),
    ("a JPEG claims 65,500 x 65,500 pixels", "x.jpg", with_size(65_500, 65_500)),
    ("a JPEG claims no lines", "x.jpg", with_size(0, 40)),
    ("a JPEG claims twice its lines", "x.jpg", with_size(60, 40)),
    ("a JPEG is CMYK", "x.jpg", saved("JPEG", mode="CMYK")),
    ("a JPEG is progressive", "x.jpg", saved("JPEG", progressive=True)),
    ("a JPEG has a color profile of noise", "x.jpg", saved("JPEG", icc_profile=bytes(range(256)) * 20)),
    *((f"a JPEG says to be turned ({number})", "x.jpg", oriented(number)) for number in (5, 6, 7, 8, 99)),
    ("a JPEG is followed by another", "x.jpg", saved("JPEG") * 2),
    ("a PNG has 16 bits", "x.png", saved("PNG", PIXELS.astype(np.uint16) * 257)),
    ("a PNG is animated", "x.png", many("PNG")),
    ("a GIF is animated", "x.gif", many("GIF")),
    ("a WebP is animated", "x.webp", many("WEBP")),
    ("a TIFF has three pages", "x.tif", many("TIFF")),
    ("a PNG claims 2 ** 31 - 1 pixels a side", "x.png", png((b"IDAT", ROWS), width=2**31 - 1, height=2**31 - 1)),
    ("a PNG has no width", "x.png", png((b"IDAT", ROWS), width=0)),
    ("a PNG has 3 bits", "x.png", png((b"IDAT", ROWS), depth=3)),
    ("a PNG needs a palette and has none", "x.png", png((b"IDAT", ROWS), kind=3)),
    ("a PNG has no pixels", "x.png", png()),
    ("a PNG's pixels are too few", "x.png", png((b"IDAT", ROWS), height=60)),
    ("a PNG's pixels are too many", "x.png", png((b"IDAT", ROWS), height=10)),
    ("a PNG's pixels unpack to 256 MiB", "x.png", png((b"IDAT", BOMB))),
    ("a PNG's text unpacks to 256 MiB", "x.png", text_bomb),
    ("a PNG's color profile unpacks to 256 MiB", "x.png", png((b"iCCP", b"p\0\0" + BOMB), (b"IDAT", ROWS))),
    ("a PNG has a megabyte of text", "x.png", noted),
    ("a PNG has a wrong checksum", "x.png", png((b"IDAT", ROWS)).replace(b"IDAT" + ROWS[:2], b"IDAT" + ROWS[:1] + b"\0")),
    ("a PNG is followed by megabytes of noise", "x.png", png((b"IDAT", ROWS)) + bytes(3_000_000)),
    ("a PNG is cut in its header", "x.png", png((b"IDAT", ROWS))[:20]),
    ("a TIFF has 64-bit offsets", "x.tif", big_tiff()),
    ("a TIFF's directories go in a circle", "x.tif", grey_tiff(next_=8)),
    ("a TIFF's pixels lie behind its end", "x.tif", grey_tiff(offset=10**6)),
    ("a TIFF's strip claims 2 ** 32 - 1 bytes", "x.tif", grey_tiff(length=2**32 - 1)),
    ("a TIFF claims 65,535 channels", "x.tif", grey_tiff(planes=65_535)),
    ("a TIFF is packed in a way that there is not", "x.tif", grey_tiff(packing=4242)),
    ("a TIFF claims 2 ** 31 pixels a side", "x.tif", grey_tiff(width=2**31, height=2**31)),
    ("a TIFF has floating numbers", "x.tif", saved("TIFF", PIXELS.astype(np.float32))),
    ("a TIFF has floating numbers that are NaN", "x.tif", saved("TIFF", np.full((30, 40), np.nan, np.float32))),
    ("a TIFF's directory has 65,535 entries", "x.tif", b"II*\0\x08\0\0\0\xff\xff" + bytes(900)),
    ("a BMP has a negative height", "x.bmp", lambda: (lambda b: b[:22] + struct.pack("<i", -30) + b[26:])(saved("BMP"))),
    ("a BMP claims 2 ** 31 - 1 pixels a side", "x.bmp", lambda: (lambda b: b[:18] + struct.pack("<ii", 2**31 - 1, 2**31 - 1) + b[26:])(saved("BMP"))),
    ("a BMP's pixels lie behind its end", "x.bmp", lambda: (lambda b: b[:10] + struct.pack("<I", 10**8) + b[14:])(saved("BMP"))),
    ("a PGM's width has 300 digits", "x.pgm", pnm(f"P5 {'9' * 300} 30 255\n")),
    ("a PGM has a comment of a megabyte", "x.pgm", pnm("P5 #" + "x" * 10**6 + "\n40 30 255\n")),
    ("a PGM has no levels", "x.pgm", pnm("P5 40 30 0\n")),
    ("a PGM has 65,535 levels and bytes for 255", "x.pgm", pnm("P5 40 30 65535\n")),
    ("a PGM is written in letters, one of them no number", "x.pgm", pnm("P2 40 30 255\n", b"1 2 x " * 400)),
    ("a PGM has a negative width", "x.pgm", pnm("P5 -40 30 255\n")),
    ("a GIF has no size", "x.gif", lambda: (lambda b: b[:6] + bytes(4) + b[10:])(saved("GIF", PIXELS))),
    ("a WebP lies about its length", "x.webp", lambda: (lambda b: b[:4] + struct.pack("<I", 2**31) + b[8:])(saved("WEBP"))),
    ("a WebP is cut", "x.webp", saved("WEBP")[:-60]),
    ("a picture is in another format than its name says", "x.jpg", saved("PNG")),
]  # fmt: skip


# -- DICOM ------------------------------------------------------------------------------------------------


def dicom(change: Callable[[Any], None], pixels: Any = None) -> Callable[[World], None]:
    """One more picture, a DICOM file that was changed."""

    def spoil(world: World) -> None:
        import pydicom

        path = world.toy / "pics/cat/x.dcm"
        write_dicom(path, PIXELS if pixels is None else pixels)
        dataset = pydicom.dcmread(path)
        pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
        change(dataset)
        dataset.save_as(path, enforce_file_format=False)

    return spoil


def setting(**values: Any) -> Callable[[Any], None]:
    def change(dataset: Any) -> None:
        for name, value in values.items():
            setattr(dataset, name, value)

    return change


def without(*names: str) -> Callable[[Any], None]:
    def change(dataset: Any) -> None:
        for name in names:
            delattr(dataset, name)

    return change


def syntax(uid: str) -> Callable[[Any], None]:
    def change(dataset: Any) -> None:
        from pydicom.encaps import encapsulate

        if uid.startswith("1.2.840"):
            dataset.PixelData = encapsulate([bytes(1200)])
            dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = uid

    return change


def nested(dataset: Any) -> None:
    from pydicom.dataset import Dataset as Item
    from pydicom.sequence import Sequence as Items

    inner = Item()
    for _ in range(150):
        outer = Item()
        outer.ReferencedImageSequence = Items([inner])
        inner = outer
    dataset.ReferencedImageSequence = Items([inner])


FILMS: Final[Sequence[tuple[str, Callable[[World], None]]]] = [
    ("is sound", dicom(lambda dataset: None)),
    ("is MONOCHROME1", dicom(setting(PhotometricInterpretation="MONOCHROME1"))),
    ("needs a palette and has none", dicom(setting(PhotometricInterpretation="PALETTE COLOR"))),
    ("is of a color model that there is not", dicom(setting(PhotometricInterpretation="PURPLE"))),
    ("has no pixels", dicom(without("PixelData"))),
    ("has too few pixels", dicom(setting(PixelData=b"\0" * 100))),
    ("has too many pixels", dicom(setting(PixelData=bytes(40 * 30 * 4)))),
    ("has a negative slope", dicom(setting(RescaleSlope="-1", RescaleIntercept="0"))),
    ("has a slope of zero", dicom(setting(RescaleSlope="0", RescaleIntercept="0"))),
    ("has a slope of 1e308", dicom(setting(RescaleSlope="1e308", RescaleIntercept="0"))),
    ("has a window of no width", dicom(setting(WindowCenter="40", WindowWidth="0"))),
    ("has a window of negative width", dicom(setting(WindowCenter="40", WindowWidth="-80"))),
    ("has three windows", dicom(setting(WindowCenter=["40", "50", "60"], WindowWidth=["80", "90"]))),
    ("has -1 frames", dicom(setting(NumberOfFrames="-1"))),
    ("has no frames", dicom(setting(NumberOfFrames="0"))),
    ("has 10 ** 9 frames", dicom(setting(NumberOfFrames="1000000000"))),
    ("stores 64 bits", dicom(setting(BitsAllocated=64))),
    ("stores 1 bit", dicom(setting(BitsAllocated=1, BitsStored=1, HighBit=0))),
    ("stores more bits than there is room for", dicom(setting(BitsStored=32))),
    ("has signs of a third kind", dicom(setting(PixelRepresentation=7))),
    ("has no rows", dicom(setting(Rows=0))),
    ("lacks its rows", dicom(without("Rows"))),
    ("has 4 channels", dicom(setting(SamplesPerPixel=4))),
    ("has no channel", dicom(setting(SamplesPerPixel=0))),
    ("says JPEG 2000 and is not", dicom(syntax("1.2.840.10008.1.2.4.90"))),
    ("says JPEG-LS and is not", dicom(syntax("1.2.840.10008.1.2.4.80"))),
    ("says MPEG-4", dicom(syntax("1.2.840.10008.1.2.4.102"))),
    ("is of a transfer syntax that there is not", dicom(syntax("1.2.3.4.5"))),
    ("is of a transfer syntax that is a text", dicom(syntax("none"))),
    ("is nested 150 deep", dicom(nested)),
]


# -- volumes ----------------------------------------------------------------------------------------------


def volume(name: str, content: Callable[[], bytes]) -> Callable[[World], Sequence[Dataset]]:
    """Every slice of one more file is a cat."""

    def spoil(world: World) -> Sequence[Dataset]:
        world.write(f"pics/{name}", content())

        def samples(tree: Any, card: Any) -> Iterator[Any]:
            yield from readers.class_folders(tree, card)
            for slice_ in readers.slices_of(tree, f"pics/{name}"):
                yield LabelSample(slice_, ("cat",))

        return [toy_dataset(world.top, samples)]

    return spoil


def npy(array: Any) -> Callable[[], bytes]:
    def made() -> bytes:
        file = io.BytesIO()
        np.save(file, array, allow_pickle=True)
        return file.getvalue()

    return made


SLICES: Final = np.arange(8 * 9 * 3, dtype=np.int16).reshape(8, 9, 3)


def nifti(array: Any = SLICES, *, packed: bool = False, **fields: Any) -> Callable[[], bytes]:
    def made() -> bytes:
        import nibabel

        raw = bytearray(nibabel.Nifti1Image(array, np.eye(4)).to_bytes())
        places = {"dim0": (40, "<h"), "dim1": (42, "<h"), "dim3": (46, "<h"), "kind": (70, "<h"), "bits": (72, "<h"), "offset": (108, "<f"), "slope": (112, "<f"), "inter": (116, "<f"), "magic": (344, "4s"), "size": (0, "<i")}  # fmt: skip
        for field, value in fields.items():
            place, how = places[field]
            struct.pack_into(how, raw, place, value)
        return gzip.compress(bytes(raw)) if packed else bytes(raw)

    return made


VOLUMES: Final[Sequence[tuple[str, str, Callable[[], bytes]]]] = [
    ("a NIfTI file is sound", "v.nii", nifti()),
    ("a NIfTI file has no dimensions", "v.nii", nifti(dim0=0)),
    ("a NIfTI file has 9 dimensions", "v.nii", nifti(dim0=9)),
    ("a NIfTI file has a negative axis", "v.nii", nifti(dim1=-8)),
    ("a NIfTI file is of a kind of number that there is not", "v.nii", nifti(kind=4242)),
    ("a NIfTI file is of complex numbers", "v.nii", nifti(SLICES.astype(np.complex64))),
    ("a NIfTI file's pixels begin at NaN", "v.nii", nifti(offset=float("nan"))),
    ("a NIfTI file's pixels begin at -1000", "v.nii", nifti(offset=-1000.0)),
    ("a NIfTI file's pixels begin at 1e30", "v.nii", nifti(offset=1e30)),
    ("a NIfTI file's slope is NaN", "v.nii", nifti(slope=float("nan"))),
    ("a NIfTI file's slope is infinite", "v.nii", nifti(slope=float("inf"), inter=0.0)),
    ("a NIfTI file's slope is negative", "v.nii", nifti(slope=-2.0, inter=0.0)),
    ("a NIfTI file has no magic word", "v.nii", nifti(magic=b"xxxx")),
    ("a NIfTI file's header claims another length", "v.nii", nifti(size=1234)),
    ("a packed NIfTI file is cut", "v.nii.gz", lambda: nifti(packed=True)()[:-30]),
    ("a packed NIfTI file unpacks to 256 MiB of zeros", "v.nii.gz", lambda: gzip.compress(nifti()() + bytes(1 << 28))),
    ("a packed NIfTI file is not packed", "v.nii.gz", nifti()),
    ("a NIfTI file is empty", "v.nii", lambda: b""),
    ("a NIfTI file holds colors", "v.nii", nifti(np.zeros((8, 9, 3), [("R", "u1"), ("G", "u1"), ("B", "u1")]))),
    ("a NumPy file holds a pickle", "v.npy", npy(np.array([{"a": 1}], object))),
    ("a NumPy file holds texts", "v.npy", npy(np.full((3, 4, 5), "abc"))),
    ("a NumPy file holds structures", "v.npy", npy(np.zeros((3, 4, 5), [("a", "i4"), ("b", "f8")]))),
    ("a NumPy file holds dates", "v.npy", npy(np.zeros((3, 4, 5), "datetime64[s]"))),
    ("a NumPy file holds complex numbers", "v.npy", npy(np.zeros((3, 4, 5), complex))),
    ("a NumPy file holds NaN alone", "v.npy", npy(np.full((3, 4, 5), np.nan))),
    ("a NumPy file holds infinities", "v.npy", npy(np.where(np.arange(60).reshape(3, 4, 5) % 7, 1.0, np.inf))),
    ("a NumPy file has its bytes the other way round", "v.npy", npy(SLICES.astype(">i2"))),
    ("a NumPy file is in Fortran's order", "v.npy", npy(np.asfortranarray(SLICES))),
    ("a NumPy file has five axes", "v.npy", npy(np.zeros((2, 2, 2, 2, 2)))),
    ("a NumPy file's header is Python code", "v.npy", lambda: b"\x93NUMPY\x01\x00\x20\x00" + b"__import__('os').abort()".ljust(31) + b"\n" + bytes(99)),
    ("a NumPy file's header is 60 KB long", "v.npy", lambda: b"\x93NUMPY\x01\x00\x60\xea" + b"{" * 60_000),
    ("a NumPy file is of version 9", "v.npy", lambda: b"\x93NUMPY\x09\x00" + bytes(99)),
    ("a NumPy file is cut", "v.npy", lambda: npy(SLICES)()[:-9]),
]  # fmt: skip


# -- masks ------------------------------------------------------------------------------------------------

MARKED: Final = np.zeros((30, 40), np.uint8)
MARKED[5:20, 8:30] = 1


def masked(name: str, content: Callable[[], bytes], rules: str = "") -> Callable[[World], Catalog]:
    """Eight pictures with a mask each; the first one's is given."""

    def spoil(world: World) -> Catalog:
        base = world.data / "masked"
        (base / "masks").mkdir(parents=True)
        for number in range(8):
            picture(base / "images" / f"{number}.png", number, (40, 30))
            if number:
                area = np.zeros((30, 40), np.uint8)
                area[4 : 12 + number, 5 : 20 + number] = 255
                Image.fromarray(area).save(base / "masks" / f"{number}.png")
        (base / "masks" / name).write_bytes(content())
        card = toy_card(
            world.top, slug="masked", folder="masked", kind="mask", labels={"cat": "Cat", "dog": "Dog"},
            head='asks = ["box", "presence"]',
            tables=f'[layout]\nkind = "masks"\npictures = "images"\nmasks = "masks"\nlabel = "cat"\n{rules}',
        )  # fmt: skip
        return toy_catalog(
            Dataset.of_card(card.path), instructions={**load_subset(43).instructions, **load_subset(2).instructions}
        )

    return spoil


MASKS: Final[Sequence[tuple[str, str, Callable[[], bytes]]]] = [
    ("has one bit", "0.png", lambda: saved("PNG", MARKED * 255, mode="1")),
    ("is a palette whose colors are black", "0.png", lambda: saved("PNG", MARKED, mode="P")),
    ("is grey with alpha", "0.png", lambda: saved("PNG", MARKED * 255, mode="LA")),
    ("has 16 bits, of which one is used", "0.png", lambda: saved("PNG", MARKED.astype(np.uint16))),
    ("has 16 bits in full", "0.png", lambda: saved("PNG", MARKED.astype(np.uint16) * 65535)),
    ("has floating numbers", "0.tif", lambda: saved("TIFF", MARKED.astype(np.float32))),
    ("has floating numbers that are NaN", "0.tif", lambda: saved("TIFF", np.where(MARKED, np.nan, 0).astype(np.float32))),
    ("has negative numbers", "0.tif", lambda: saved("TIFF", -MARKED.astype(np.int32))),
    ("has the values 0, 1, 2 and 3", "0.png", lambda: saved("PNG", MARKED * (1 + np.indices((30, 40))[0] % 3).astype(np.uint8))),
    ("has the values 0, 127 and 255", "0.png", lambda: saved("PNG", np.where(MARKED, 255, np.where(np.roll(MARKED, 5, 0), 127, 0)).astype(np.uint8))),
    ("has every value", "0.png", lambda: saved("PNG", PIXELS)),
    ("is white throughout", "0.png", lambda: saved("PNG", np.full((30, 40), 255, np.uint8))),
    ("is turned on its side", "0.png", lambda: saved("PNG", MARKED.T * 255)),
    ("is one pixel", "0.png", lambda: saved("PNG", np.full((1, 1), 255, np.uint8))),
    ("is a JPEG that ends amid its lines", "0.jpg", lambda: with_size(30, 40, saved("JPEG", MARKED[:16] * 255))),
    ("needs a palette and has none", "0.png", lambda: png((b"IDAT", ROWS), kind=3)),
    ("is a JPEG of CMYK", "0.jpg", lambda: saved("JPEG", np.stack([MARKED * 255] * 3, 2), mode="CMYK")),
    ("says to be turned", "0.jpg", lambda: oriented(6)),
    ("is an animation", "0.gif", lambda: many("GIF")),
    ("is a web page", "0.png", lambda: b"<html>404</html>"),
    ("is empty", "0.png", lambda: b""),
    ("is the picture itself", "0.png", lambda: saved("PNG", COLORS)),
    ("is inverted: black on white", "0.png", lambda: saved("PNG", (1 - MARKED) * 255)),
    ("claims 2 ** 31 - 1 pixels a side", "0.png", lambda: png((b"IDAT", ROWS), width=2**31 - 1, height=2**31 - 1)),
]  # fmt: skip

FULL: Final = ("--verify", "full")
CASES: Final[Sequence[Case]] = [
    *(told(name, beside(file, content), args=FULL) for name, file, content in FILES),
    *(told(f"a DICOM file {what}", spoil, args=FULL) for what, spoil in FILMS),
    *(told(name, volume(file, content), args=FULL) for name, file, content in VOLUMES),
    *(told(f"a mask {what}", masked(file, content)) for what, file, content in MASKS),
]
