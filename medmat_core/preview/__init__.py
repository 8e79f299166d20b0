"""A built folder as a static page to look at: ``medmat preview``."""

from medmat_core.preview.write import Previewed, PreviewOptions, preview

__all__ = ["PreviewOptions", "Previewed", "preview"]
