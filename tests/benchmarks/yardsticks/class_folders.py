"""What one would write in five minutes: class folders to Med-MAT's JSON. Usage: class_folders.py ROOT OUT"""

import json
import os
import random
import sys

root, out = sys.argv[1:3]
labels = sorted(os.listdir(root))
question = "Review this kidney CT scan and determine the possible condition it represents."
ending = "Answer with the option's letter from the given choices directly."
records = []
for label in labels:
    for name in sorted(os.listdir(os.path.join(root, label))):
        options = [*random.sample([x for x in labels if x != label], 3), label]
        random.shuffle(options)
        choice = "\n".join(f"{'ABCD'[i]}: {option}" for i, option in enumerate(options))
        records.append({
            "id": len(records) + 1, "caption": label, "image": f"med-mat/kidney/{label}/{name}",
            "Question": question, "Answer": label, "Question-choice": f"{question}\n{choice}\n{ending}",
            "Answer-choice": "ABCD"[options.index(label)], "data-no": "2",
        })  # fmt: skip
with open(out, "w") as handle:
    json.dump(records, handle)
