"""What no docstring says: a line a card field, and what to do about each reason of problems.jsonl."""

from __future__ import annotations

from typing import Final

from medmat_core.model import ASKS

HEAD: Final = {
    "no": "The row of Med-MAT's table. A third party's card has none; its slug stands in file names and in `data-no`.",
    "slug": "The short name: lower-case letters and digits with single hyphens. Also the name of the entry point.",
    "title": "The name for people.",
    "folder": "The folder under the data folder, such as `med-mat/BUSI`.",
    "aliases": "Other names under which the folder is found: the archive's own, a former one, the right spelling. The "
    "folder keeps its name in record paths.",
    "modality": "Med-MAT's modality, as its table writes it (`FP`, `X-Ray`).",
    "area": "Med-MAT's area.",
    "task": "Med-MAT's task.",
    "subset": "The number of the subset: 1 to 53, or a plugin's from 1000 up.",
    "kind": "`single-label` and `ordinal`: the classes exclude one another. `multi-label`: several findings a picture. "
    "`mask`: regions from masks. `box`: regions from boxes.",
    "modality_shown": "The modality as questions say it (`fundus photograph`).",
    "area_shown": "The area as questions say it (`retinal`).",
    "source": "Where to download it.",
    "source_note": "What to know about that address: a mirror, a re-upload, a newer version.",
    "access": "`open`, `account` (log in), `competition` (accept its rules) or `credentialed` (apply, or be trained).",
    "license": "The license in words, as the source states it.",
    "archives": "The names of the files that are downloaded.",
    "markers": "Names of files or folders (shell patterns, case folded) in the data set's own root, by which it is "
    "found inside whatever outer folders an unzip left.",
    "outer": "The archive's outer folder; the example tree has it, and an adapter must do without it, too.",
    "validation": "Whether an official validation part counts as `train` or as `test`.",
    "groups": "The group namespace. Data sets that share pictures share it, and so agree on splits. Default: the slug.",
    "group_by": "What a group is, in words (patient, slide, lesion).",
    "shared_groups": "Other data sets use the namespace, too, because they hold the same pictures. Its groups are then "
    "dealt by hash alone, so that all of them agree.",
    "unprotected": "No split and no id is published, so near copies of one patient may lie on both sides.",
    "normal": 'The caption that means "nothing found".',
    "blank_is_absent": "In a multi-label table: a class that is not marked is absent.",
    "asks": "The questions that suit a mask or box data set: "
    + f"{', '.join(f'`{ask}`' for ask in ASKS if ask != 'label')}.",
    "corrections": "What Med-MAT's table gets wrong about this row, a sentence each.",
    "faults": "What is known to be wrong with the data set, a sentence each.",
    "unverified": "What nobody has checked against the real files, a sentence each.",
    "extra": "Anything else worth knowing.",
}

TABLES: Final = {
    "counts": {
        "images": "Pictures in all.",
        "train": "Pictures of the published train part.",
        "test": "Pictures of the published test part.",
        "classes": "Caption to number of pictures.",
    },
    "classes": {
        "catch_all": "Captions that may be true of any picture; never distractors.",
        "nested": "Pairs (wider, narrower) of own captions.",
        "overlapping": "Pairs of own captions that one picture can show together.",
        "anatomy": "Captions that name a place and no finding; never distractors.",
        "negates": 'A "No X" caption to the X that it denies.',
        "same": "A third party's captions that mean the same as captions of its subset, in pairs.",
        "wider": "A third party's wider captions to the narrower ones of its subset.",
        "one_label": (
            "By which protocol a picture has one label, where several captions could be true of it; "
            "its subset's instructions then ask for the main one."
        ),
    },
    "mask": {
        "threshold": "In stored values; pixels above it are foreground. Default: half of the format's range.",
        "invert": "Foreground is what lies below.",
        "min_area": "Regions with fewer pixels are dropped and counted. Default: the floor of all data sets.",
        "index": "Stored value to code.",
        "colors": "`#rrggbb` to code.",
        "missing": "A missing mask file is a `problem`, or means `negative`.",
        "window": "(center, width) in rescaled units, to render DICOM and volumes.",
    },
    "ignored": {
        "pattern": "A shell pattern over the path below the data set's folder.",
        "reason": "Why such files are left alone. They are counted in the manifest and nowhere else.",
    },
    "published": {
        "captions": "Code to the wording of Med-MAT's published files, as far as it is known.",
        "mistaken": "Shell patterns over files that the published file shows as pictures by mistake, such as masks.",
    },
    "known": {
        "reason": "The reason of the problems, as in `problems.jsonl`.",
        "note": "What they are, in a sentence.",
        "count": "How many of them a whole copy holds. 0: not known.",
        "files": "Shell patterns over their paths below the data set's folder. None: any file.",
    },
    "verified": {
        "date": "The day of the check, as 2026-01-31.",
        "version": "The version of medmat-core that checked.",
        "layout": "Its verdict: `right` or `wrong`.",
        "completeness": "Its verdict: `whole` or `part`.",
        "images": "The pictures that were there.",
        "problems": "Problems that the card did not know of.",
        "sizes": "The most frequent sizes of the pictures, `640x480`, at most three.",
    },
    "example.pictures": {
        "paths": "One or more paths below the data set's folder.",
        "size": "(width, height) in pixels.",
        "mode": "Pillow's mode.",
        "shapes": "What a mask shows: tables with `box`, `ellipse`, `polygon` or `point`, and a `value`.",
        "background": "The value around the shapes. Without shapes and background a phantom is drawn.",
        "slices": "More than 0 makes a volume.",
        "dicom": "DICOM keywords to values.",
        "format": "The file format, where the suffix does not say it.",
        "same_as": "The path of another picture whose bytes are copied.",
    },
    "example.files": {
        "path": "Path below the data set's folder.",
        "text": "The text, literal with its quirks.",
        "encoding": "Its encoding.",
        "newline": "`lf` or `crlf`.",
        "bom": "A UTF-8 byte-order mark in front.",
        "sheets": "Sheet name to rows: an .xlsx file instead of a text.",
    },
    "example.expect": {
        "image": "A path of the tree (`path#0003` for a slice).",
        "captions": "The stated captions, or the classes with a region. Empty: a negative.",
        "uncertain": "Captions that are neither stated nor absent.",
        "group": "The group, compared where given.",
        "split": "`train`, `val` or `test`, compared where given.",
        "boxes": "Caption to half-open pixel boxes, compared where given.",
        "unused": "The adapter must not yield the picture.",
    },
    "download": {
        "host": "`link` (plain addresses), `github`, `zenodo`, `figshare`, `mendeley`, `kaggle`, `kaggle-competition`.",
        "id": "What the host calls it; empty for `link`.",
        "links": "For `link`: file name to address.",
        "files": "The wanted files of a record (shell patterns; none: all), or the paths in a repository.",
        "sizes": "File name to bytes, exact, as far as known: another size is refused.",
        "hashes": "File name to `md5:...` or `sha256:...`, checked beside the host's own.",
        "about": "Bytes of all files together, rounded, where nothing exact is known; for plans only.",
        "into": "The folder below the data set's that files and archives come into.",
        "inner": "Shell patterns of archives inside archives, each to the folder that it is unpacked into, seen from "
        "where it lies.",
        "note": "A mirror, where a hash is stated, and the like.",
    },
    "by_hand": {
        "why": "What stands before the files: a form, a login, an application.",
        "steps": "What a person has to do, a sentence each; the first of them names the page.",
    },
    "citation": {"bibtex": "BibTeX."},
}

TO_DO: Final = {
    "missing_image": "Unzip every archive of the data set; compare the path with `medmat show`.",
    "missing_mask": "Unzip the archive with the masks. If a missing mask means that nothing is there, the card must "
    "say so (`mask.missing`).",
    "missing_label": "Unzip the label file that belongs to these pictures, or another release of it.",
    "missing_file": "Unzip the archive that holds the file; `medmat show` lists what is expected.",
    "unknown_label": "The detail gives the label. If it is a class, add it to the card under `[labels]`; if not, mend "
    "the file.",
    "bad_row": "Look at that row of the file. A whole file of bad rows is another release with other columns.",
    "bad_file": "Download the file again; if it opens elsewhere, the detail says what is different about it.",
    "bad_image": "Download or unzip the picture again.",
    "truncated_image": "Download or unzip the picture again; the copy on disk is cut short.",
    "image_too_large": "Scale the picture down, or leave it out.",
    "bad_mask": "Download the mask again; the detail says what about it cannot be decoded.",
    "bad_box": "Nothing for a box without area: the other boxes of the picture are used, and its class is neither "
    "asked about nor offered. One that reaches far out refuses the picture: its boxes were drawn on another size "
    "(download that one), or count in another way than the card says.",
    "bad_name": "Rename the file, or tell the plugin's author: the naming rule may be too narrow.",
    "path_escapes": "Mend the label file. A path in it leads out of the data folder, and such a file is never opened.",
    "contradictory_label": "Nothing: all copies are left out, since nobody can tell which class is right.",
    "listed_twice": "Nothing: the first mention is used.",
    "reader_failed": "Report it to the plugin's author with the detail; what came before the error is used.",
    "no_picture": "Run `medmat check` on it: it tells where it looked. Perhaps an archive is not unzipped yet, or its "
    "folders have other names than the card's.",
    "no_label": "Nothing: a picture of which nothing is known has no question.",
    "no_distractor": "Nothing. With `--distractors subset` there may be one in the pool.",
    "regions_too_small": "Nothing: specks are not asked about. The card may set another floor (`mask.min_area`).",
    "mask_size": "Nothing, if mask and picture differ by a plain factor; else look at the pair.",
    "leaves_data": "Nothing, if the link is meant.",
    "copy": "Nothing: the first by path is asked about, and all of them lie on one side of the split.",
    "split_leak": "Nothing: the train copy is dropped and the test part stays whole.",
    "near_copy": "Nothing with `--near drop`: the picture has left train, or the subset files where the other one is "
    "of another data set. With `--near report`, look at the two.",
    "empty_class": "Nothing if your copy is meant to be a part. If it is whole, `medmat check` tells more: a folder "
    "may have another name, or a color on the card may be wrong.",
    "empty_row": "Nothing: such a row says nothing of any picture.",
    "other_spelling": "Look at the file that the detail names: if it is another picture, mend the label file.",
    "unlabelled": "Nothing: test parts without labels cannot be asked about.",
    "left_out": "Nothing: the card says why.",
    "no_question": "The detail says why: `--ask box` for pictures that have labels only, or a subset that has "
    "instructions for none of what the card asks.",
}
