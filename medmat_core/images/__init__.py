"""Picture files: what they are, how large, and their pixels.

``suffixes`` is the one table of what files are called; ``headers`` reads sizes without decoding, ``pixels`` decodes
any picture, mask or volume (``raster``: picture files, ``dicom``, ``volumes``, ``jpeg``: what a JPEG says of itself),
``rendering`` makes viewable pictures of what no viewer opens, ``near`` finds near copies. Whatever is wrong with a
file is a :class:`PictureError`. Heavy libraries load with the module that needs them, so that importing this package
costs nothing.
"""

from medmat_core.images.faults import MissingExtraError, PictureError

__all__ = ["MissingExtraError", "PictureError"]
