// Filters and search: one pass over the columns, which also counts what each other choice would leave.
"use strict";

medmat.FACETS = ["dataset", "subset", "ask", "split", "kind"];
medmat.KINDS = ["round", "surplus", "open"];

// -> {records: places in shards as [shard, i] pairs in two arrays, counts: per facet a Map of value to count}
medmat.find = (shards, filters, query) => {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const counts = Object.fromEntries(medmat.FACETS.map((name) => [name, new Map()]));
  const found = { shards: [], places: [], counts };
  for (const shard of shards) {
    const texts = words.map((word) => matcher(shard, word));
    const subset = medmat.meta.datasets[shard.dataset].subset;
    const values = [shard.dataset, subset, 0, 0, 0];
    const wanted = medmat.FACETS.map((name) => filters[name]);
    const tallies = medmat.FACETS.map(() => new Map());
    for (let i = 0; i < shard.length; i++) {
      if (words.length && !texts.every((match) => match(i))) continue;
      values[2] = shard.ask[i];
      values[3] = shard.split[shard.picture[i]];
      values[4] = shard.round[i] >= 0 ? 0 : shard.right[i] >= 0 ? 1 : 2;
      let missed = -1, misses = 0;
      for (let f = 0; f < 5; f++) {
        if (wanted[f].size && !wanted[f].has(values[f])) { missed = f; misses++; }
      }
      if (misses === 0) {
        found.shards.push(shard);
        found.places.push(i);
        for (let f = 0; f < 5; f++) tallies[f].set(values[f], (tallies[f].get(values[f]) || 0) + 1);
      } else if (misses === 1) {
        tallies[missed].set(values[missed], (tallies[missed].get(values[missed]) || 0) + 1);
      }
    }
    tallies.forEach((tally, f) => {
      const whole = counts[medmat.FACETS[f]];
      for (const [value, count] of tally) whole.set(value, (whole.get(value) || 0) + count);
    });
  }
  return found;
};

// Whether a record has a word in its texts, name, group, key or round. Texts that records share are looked at once.
function matcher(shard, word) {
  const flags = (texts) => Uint8Array.from(texts, (text) => text.toLowerCase().includes(word));
  const texts = flags(shard.texts), folders = flags(shard.folders);
  // a word with a slash may lie across folder and name
  const names = flags(word.includes("/") ? shard.names.map((_, picture) => shard.image(picture)) : shard.names);
  const lists = Uint8Array.from(shard.lists, (list) => list.some((text) => texts[text]));
  const title = medmat.meta.datasets[shard.dataset];
  const all = `${title.slug} ${title.title}`.toLowerCase().includes(word);
  const hex = /^[0-9a-f]{4,16}$/.test(word);
  return (i) => {
    const picture = shard.picture[i];
    return all || texts[shard.question[i]] || texts[shard.answer[i]] || lists[shard.options[i]]
      || lists[shard.captions[i]] || names[picture] || folders[shard.folder[picture]] || texts[shard.group[picture]]
      || (hex && (shard.keys[i].startsWith(word) || (shard.round[i] >= 0 && shard.rounds[shard.round[i]].startsWith(word))));
  };
}

// The rounds of which a record was found, in order of appearance.
medmat.roundsOf = (found) => {
  const rounds = { shards: [], places: [] };
  const seen = new Map();
  found.places.forEach((i, n) => {
    const shard = found.shards[n], round = shard.round[i];
    if (round < 0) return;
    if (!seen.has(shard)) seen.set(shard, new Uint8Array(shard.rounds.length));
    if (seen.get(shard)[round]) return;
    seen.get(shard)[round] = 1;
    rounds.shards.push(shard);
    rounds.places.push(round);
  });
  return rounds;
};
