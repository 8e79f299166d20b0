"""From masks to regions to words.

``pixels`` reads files, ``decode`` turns masks into one array a class, ``find`` finds connected regions,
``facts`` does all of it for one sample, ``words`` and ``wrong_boxes`` put regions into answers and wrong
options, ``rendering`` makes viewable pictures of what no viewer opens. Heavy libraries load with the
module that needs them, so that importing this package costs nothing.
"""
