"""From masks to regions to words.

``decode`` turns masks into one array a class, ``find`` finds connected regions, ``extract`` does all of it for one
sample, ``words`` puts regions into answers. Files are read in
:mod:`medmat_core.images`. Heavy libraries load with the module that needs them, so that importing this package costs
nothing.
"""
