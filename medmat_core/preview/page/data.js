// The data files: classic scripts that call medmat.index, medmat.shard or medmat.problems with a JSON text.
// (From file:// neither fetch nor modules work.) Columns become typed arrays; a record is put together when looked at.
"use strict";

const medmat = { meta: null, waiting: new Map() };

medmat.index = (text) => {
  medmat.meta = JSON.parse(text);
  medmat.start();
};
medmat.shard = (name, text) => medmat.arrived(name, new medmat.Shard(JSON.parse(text)));
medmat.problems = (name, text) => medmat.arrived(name, JSON.parse(text));
medmat.arrived = (name, value) => medmat.waiting.get(name)?.(value);

// A data file of this name, once.
medmat.load = (name) => new Promise((resolve, reject) => {
  const tag = document.createElement("script");
  medmat.waiting.set(name, resolve);
  tag.src = name;
  tag.onload = () => tag.remove();
  tag.onerror = () => reject(new Error(`${name} is missing; run medmat preview again`));
  document.head.append(tag);
});

medmat.Shard = class {
  constructor(raw) {
    const ints = (column) => Int32Array.from(column);
    const { records, pictures } = raw;
    Object.assign(this, { dataset: raw.dataset, texts: raw.texts, lists: raw.lists, folders: raw.folders,
      rounds: raw.rounds, keys: records.key, names: pictures.name, boxes: pictures.boxes, shown: pictures.shown });
    for (const name of ["picture", "ask", "captions", "question", "answer", "options", "right", "round"]) {
      this[name] = ints(records[name]);
    }
    for (const name of ["folder", "width", "height", "group", "split"]) this[name] = ints(pictures[name]);
    this.scale = pictures.scale;
    this.length = this.keys.length;
    this._members();
  }

  // The records of every round: members[starts[r] .. starts[r + 1]].
  _members() {
    const starts = new Int32Array(this.rounds.length + 1);
    for (const round of this.round) if (round >= 0) starts[round + 1]++;
    for (let r = 0; r < this.rounds.length; r++) starts[r + 1] += starts[r];
    const next = starts.slice();
    this.members = new Int32Array(starts[this.rounds.length]);
    this.round.forEach((round, i) => { if (round >= 0) this.members[next[round]++] = i; });
    this.starts = starts;
  }

  // By key, which tells nothing: names and places may well tell the answers.
  membersOf(round) {
    const found = Array.from(this.members.subarray(this.starts[round], this.starts[round + 1]));
    return found.sort((one, other) => (this.keys[one] < this.keys[other] ? -1 : 1));
  }

  list(place) { return this.lists[place].map((text) => this.texts[text]); }

  image(picture) {
    const folder = this.folders[this.folder[picture]];
    return folder ? `${folder}/${this.names[picture]}` : this.names[picture];
  }

  record(i) {
    const { meta } = medmat;
    const picture = this.picture[i];
    const dataset = meta.datasets[this.dataset];
    return {
      shard: this, at: i, picture, dataset, key: this.keys[i], ask: meta.asks[this.ask[i]],
      split: meta.splits[this.split[picture]], group: this.texts[this.group[picture]],
      image: this.image(picture), src: this.src(picture), width: this.width[picture], height: this.height[picture],
      question: this.texts[this.question[i]], answer: this.texts[this.answer[i]],
      captions: this.list(this.captions[i]), options: this.list(this.options[i]), right: this.right[i],
      round: this.round[i], roundName: this.round[i] < 0 ? "" : this.rounds[this.round[i]],
      boxes: (this.boxes[picture] || []).map(([caption, ...n]) => ({ caption: this.texts[caption], boxes: fours(n) })),
    };
  }

  // Where the picture lies, seen from this page: made for the page, rendered by the build, or the original.
  src(picture) {
    const made = this.shown[picture];
    if (made !== undefined) return made;
    const image = this.image(picture);
    const base = image.startsWith("rendered/") ? medmat.meta.rendered : medmat.meta.pictures;
    return base + image.split("/").map(encodeSegment).join("/");
  }

  // Boxes written in a text, as the build wrote them, in pixels of the picture.
  boxesIn(text, picture) {
    const width = this.width[picture], height = this.height[picture];
    const [across, down] = this.scale ? this.scale[picture] : medmat.meta.scale || [width, height];
    const found = [];
    for (const list of text.match(/[[>][\d.,\s]+[\]<]/g) || []) {
      const n = list.match(/\d+(\.\d+)?/g)?.map(Number) || [];
      if (n.length !== 4 || !width) continue;
      const [x1, y1, x2, y2] = medmat.meta.yFirst ? [n[1], n[0], n[3], n[2]] : n;
      found.push([x1 * width / across, y1 * height / down, x2 * width / across, y2 * height / down]);
    }
    return found;
  }
};

function fours(numbers) {
  const found = [];
  for (let i = 0; i + 3 < numbers.length; i += 4) found.push(numbers.slice(i, i + 4));
  return found;
}

// A part of a path for a URL. A name that is no Unicode text came in as halves of characters, one for each byte.
function encodeSegment(text) {
  try {
    return encodeURIComponent(text);
  } catch {
    return Array.from(text, (c) => {
      const code = c.codePointAt(0);
      return code >= 0xdc80 && code <= 0xdcff ? "%" + (code - 0xdc00).toString(16)
        : code >= 0xd800 && code <= 0xdfff ? "%EF%BF%BD" : encodeURIComponent(c);
    }).join("");
  }
}
