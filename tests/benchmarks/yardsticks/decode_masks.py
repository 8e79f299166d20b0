"""The bare decoding of every file of a folder, in grey. Usage: decode_masks.py FOLDER; prints wall and CPU seconds."""

import os
import sys
import time

import cv2

cv2.setNumThreads(1)
folder = sys.argv[1]
names = sorted(os.listdir(folder))
wall, cpu = time.perf_counter(), time.process_time()
for name in names:
    assert cv2.imread(f"{folder}/{name}", cv2.IMREAD_GRAYSCALE) is not None
print(time.perf_counter() - wall, time.process_time() - cpu)
