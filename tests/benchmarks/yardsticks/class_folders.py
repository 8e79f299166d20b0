"""What one would write in ten minutes: class folders to Med-MAT's JSON and to a line a record.

Usage: class_folders.py ROOT OUT; writes OUT and OUTl.
"""

import json
import os
import random
import sys

root, out = sys.argv[1:3]
labels = sorted(os.listdir(root))
question = "Review this kidney CT scan and determine the possible condition it represents."
ending = "Answer with the option's letter from the given choices directly."
records = []
with open(out + "l", "w") as lines:
    for label in labels:
        for name in sorted(os.listdir(os.path.join(root, label))):
            options = [*random.sample([x for x in labels if x != label], 3), label]
            random.shuffle(options)
            choice = "\n".join(f"{'ABCD'[i]}: {option}" for i, option in enumerate(options))
            number, image = len(records) + 1, f"med-mat/kidney/{label}/{name}"
            records.append({
                "id": number, "caption": label, "image": image, "Question": question, "Answer": label,
                "Question-choice": f"{question}\n{choice}\n{ending}", "Answer-choice": "ABCD"[options.index(label)],
                "data-no": "2",
            })  # fmt: skip
            full = {
                "id": number, "key": f"{random.getrandbits(64):016x}", "dataset": {"no": 2, "slug": "ct-kidney"},
                "subset": 2, "split": "train", "group": "", "image": image, "width": 0, "height": 0, "kind": "label",
                "ask": "label", "captions": [label], "question": question, "answer": label, "options": options,
                "answer_index": options.index(label), "round": "", "boxes": [], "template": 0,
            }  # fmt: skip
            lines.write(json.dumps(full) + "\n")
with open(out, "w") as handle:
    json.dump(records, handle)
