// What is shown: state in the address (after #), filters at the side, the grid, and the dialog over it.
"use strict";

const state = { view: "questions", query: "", record: "", side: false, pack: "", filters: Object.fromEntries(medmat.FACETS.map((name) => [name, new Set()])),
  reason: new Set(), level: new Set() };
const look = { boxes: true, answers: false };
const at = (id) => document.getElementById(id);
let grid, detail, shards = [], found = null, rounds = null, problems = null, shown = null;

medmat.subsetName = (no) => {
  const subset = medmat.meta.subsets[no];
  return subset ? `${no} · ${subset.join(", ")}` : no ? String(no) : "none";
};

// -- start --------------------------------------------------------------------------------------------

medmat.start = async () => {
  grid = new medmat.Grid(at("scroller"), at("grid"));
  detail = new medmat.Detail(at("detail"), look);
  detail.onmove = (by) => move(by);
  detail.onclose = () => { state.record = ""; save(); };
  detail.onround = (side) => { state.side = side; save(); };
  restore();
  listen();
  try {
    await open();
  } catch (error) {
    tell(error.message);
  }
};

// Load what the state asks for: all, or beyond 100,000 records a page of one data set.
async function open() {
  const { packs } = medmat.meta;
  const pack = packs.find((one) => one.name === state.pack) || packs[0];
  if (!pack) return tell("This build holds no records.");
  if (state.pack !== pack.name || !shards.length) {
    state.pack = pack.name;
    tell("Loading…");
    shards = [];
    shards = await Promise.all(pack.files.map((name) => medmat.load(name)));
  }
  await show();
  const wanted = state.record ? indexOf(state.record) : -1;
  if (wanted >= 0) openAt(wanted);
  document.documentElement.dataset.ready = "yes";
  performance.mark("ready");
}

async function show() {
  found = medmat.find(shards, state.filters, state.query);
  rounds = medmat.roundsOf(found);
  if (state.view === "problems" && !problems && medmat.meta.problems.file) problems = await medmat.load(medmat.meta.problems.file);
  for (const button of at("views").children) button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
  const sums = { questions: found.places.length, rounds: rounds.places.length, problems: medmat.meta.problems.total };
  for (const button of at("views").children) button.querySelector("b").textContent = sums[button.dataset.view].toLocaleString("en");
  at("boxes").setAttribute("aria-pressed", String(look.boxes));
  at("answers").setAttribute("aria-pressed", String(look.answers));
  at("scroller").dataset.view = state.view;
  if (state.view === "problems") showProblems();
  else if (state.view === "rounds") showRounds();
  else showQuestions();
  drawFilters();
  save();
}

function showQuestions() {
  tell(found.places.length ? `${counted(found.places.length, "question")} of ${counted(found.counts.dataset.size && new Set(found.shards.map((s) => s.dataset)).size, "data set")}` : nothing());
  shown = found;
  grid.show(found.places.length, (n) => medmat.card(found.shards[n].record(found.places[n]), look), 220, look.answers ? 294 : 268);
}

function showRounds() {
  tell(rounds.places.length ? `${counted(rounds.places.length, "round")}: two to four pictures under one question, each option right for one of them` : nothing());
  shown = rounds;
  grid.show(rounds.places.length, (n) => {
    const shard = rounds.shards[n];
    return medmat.roundCard(shard.membersOf(rounds.places[n]).map((i) => shard.record(i)), look);
  }, 480, look.answers ? 288 : 262);
}

function showProblems() {
  const { meta } = medmat;
  shown = null;
  if (!problems) {
    grid.show(0, null, 1, 1);
    return tell("Nothing was refused and nothing is worth a note.");
  }
  const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (set, value) => !set.size || set.has(value);
  const rows = [];
  problems.counts = { dataset: new Map(), reason: new Map(), level: new Map() };
  problems.reason.forEach((reason, n) => {
    const text = () => [problems.names[problems.dataset[n]], problems.file[n], problems.reasons[reason], problems.details[problems.detail[n]]].join(" ").toLowerCase();
    if (words.length && !words.every((word) => text().includes(word))) return;
    const place = problems.place[n], level = problems.level[n];
    const fit = { dataset: fits(state.filters.dataset, place), reason: fits(state.reason, reason), level: fits(state.level, level) };
    const misses = Object.keys(fit).filter((name) => !fit[name]);
    for (const [name, value] of [["dataset", place], ["reason", reason], ["level", level]]) {
      if (!misses.length || (misses.length === 1 && misses[0] === name)) problems.counts[name].set(value, (problems.counts[name].get(value) || 0) + 1);
    }
    if (!misses.length) rows.push(n);
  });
  const more = meta.problems.total > problems.reason.length ? `; the first ${problems.reason.length.toLocaleString("en")} of ${meta.problems.total.toLocaleString("en")}, problems.jsonl has all` : "";
  tell(rows.length ? counted(rows.length, "input") + " not used, or worth knowing" + more : nothing());
  grid.show(rows.length, (row) => problemCard(rows[row]), 4000, 90);
}

function problemCard(n) {
  const level = medmat.meta.levels[problems.level[n]], reason = problems.reasons[problems.reason[n]], row = problems.row[n];
  return make("article", { class: `card problem ${level}`, tabindex: "0" },
    make("p", { class: "chips" }, make("span", { class: `chip ${level}` }, level), make("span", { class: "chip set" }, problems.names[problems.dataset[n]]),
      make("strong", {}, reason), make("span", { class: "meaning" }, medmat.meta.reasons[reason] || "")),
    make("p", { class: "file" }, make("bdi", {}, plainly(problems.file[n])), row == null ? "" : ` · row ${row}`),
    make("p", { class: "detail", dir: "auto" }, plainly(problems.details[problems.detail[n]])));
}

function nothing() {
  return "Nothing fits these filters.";
}

function tell(text) {
  at("status").textContent = text;
}

// -- filters ------------------------------------------------------------------------------------------

function drawFilters() {
  const { meta } = medmat;
  const name = { dataset: (v) => `${meta.datasets[v].no || ""} ${meta.datasets[v].slug}`.trim(), subset: medmat.subsetName, ask: (v) => meta.asks[v], split: (v) => meta.splits[v],
    kind: (v) => ["in a round", "surplus", "open, no options"][v], reason: (v) => problems.reasons[v], level: (v) => meta.levels[v] };
  const sections = [];
  if (meta.packs.length > 1) sections.push(packSection());
  if (state.view === "problems") {
    if (problems) {
      sections.push(facet("level", "Level", problems.counts.level, state.level, name.level), facet("reason", "Reason", problems.counts.reason, state.reason, name.reason),
        facet("dataset", "Data set", problems.counts.dataset, state.filters.dataset, name.dataset));
    }
  } else {
    const titles = { dataset: "Data set", subset: "Subset", ask: "Question", split: "Part", kind: "Options" };
    for (const facetName of ["ask", "split", "kind", "dataset", "subset"]) {
      sections.push(facet(facetName, titles[facetName], found.counts[facetName], state.filters[facetName], name[facetName]));
    }
  }
  const scrolled = Array.from(at("filters").querySelectorAll("ul"), (list) => [list.dataset.facet, list.scrollTop]);
  at("filters").replaceChildren(...sections.filter(Boolean));
  for (const [facetName, top] of scrolled) {
    const list = at("filters").querySelector(`ul[data-facet="${facetName}"]`);
    if (list) list.scrollTop = top;
  }
}

function facet(name, title, counts, chosen, label) {
  const values = [...new Set([...counts.keys(), ...chosen])].sort((one, other) => one - other);
  if (values.length < 2 && !chosen.size) return null;
  return make("section", {}, make("h2", {}, title, chosen.size > 0 && make("button", { class: "clear", onclick: () => { chosen.clear(); show(); } }, "all")),
    make("ul", { "data-facet": name }, ...values.map((value) => make("li", {}, make("button", {
      "aria-pressed": String(chosen.has(value)), "data-facet": name, "data-value": label(value), title: label(value),
      onclick: () => { if (!chosen.delete(value)) chosen.add(value); show(); },
    }, make("span", {}, label(value)), make("b", {}, (counts.get(value) || 0).toLocaleString("en")))))));
}

// Too many records for one go: one data set, or a page of it, at a time.
function packSection() {
  const choose = make("select", { "aria-label": "Data set to open", onchange: () => {
    state.pack = choose.value;
    for (const chosen of Object.values(state.filters)) chosen.clear();
    shards = [];
    open().catch((error) => tell(error.message));
  } }, ...medmat.meta.packs.map((pack) => make("option", { value: pack.name, selected: pack.name === state.pack }, `${pack.title} (${pack.records.toLocaleString("en")})`)));
  return make("section", {}, make("h2", {}, "Open"), choose, make("p", { class: "hint" }, "This build is large: its data sets are opened one at a time."));
}

// -- one card opened ----------------------------------------------------------------------------------

function openAt(n) {
  const shard = shown.shards[n];
  const place = shown === rounds ? shard.membersOf(shown.places[n])[0] : shown.places[n];
  const record = shard.record(place);
  state.record = record.key;
  detail.n = n;
  detail.show(record, shown === rounds || (detail.open && detail.side) || state.side, `${(n + 1).toLocaleString("en")} of ${shown.places.length.toLocaleString("en")}`);
  save();
}

function move(by) {
  const n = detail.n + by;
  if (n >= 0 && n < shown.places.length) openAt(n);
}

function indexOf(key) {
  if (!shown) return -1;
  return shown.places.findIndex((place, n) => {
    const shard = shown.shards[n];
    return shown === rounds ? shard.membersOf(place).some((i) => shard.keys[i] === key) : shard.keys[place] === key;
  });
}

// -- the address --------------------------------------------------------------------------------------

function save() {
  const told = new URLSearchParams();
  if (state.view !== "questions") told.set("view", state.view);
  if (state.query) told.set("q", state.query);
  for (const [name, chosen] of Object.entries(state.filters)) if (chosen.size) told.set(name, [...chosen].map((v) => outside(name, v)).join(","));
  if (medmat.meta.packs.length > 1) told.set("open", state.pack);
  if (state.record) told.set("record", state.record);
  if (state.record && detail.side) told.set("side", "1");
  for (const [name, on] of Object.entries(look)) if (on !== (name === "boxes")) told.set(name, on ? "1" : "0");
  history.replaceState(null, "", `#${told}`);
}

// Values stand in the address as people know them, so that a link survives another build.
function outside(name, value) {
  const { meta } = medmat;
  return name === "dataset" ? meta.datasets[value].slug : name === "subset" ? String(value) : { ask: meta.asks, split: meta.splits, kind: medmat.KINDS }[name][value];
}

function restore() {
  const { meta } = medmat;
  const told = new URLSearchParams(location.hash.slice(1));
  if (["questions", "rounds", "problems"].includes(told.get("view"))) state.view = told.get("view");
  state.query = told.get("q") || "";
  state.pack = told.get("open") || "";
  state.record = told.get("record") || "";
  state.side = told.get("side") === "1";
  for (const name of Object.keys(look)) if (told.has(name)) look[name] = told.get(name) === "1";
  for (const name of medmat.FACETS) {
    for (const word of (told.get(name) || "").split(",").filter(Boolean)) {
      const value = name === "dataset" ? meta.datasets.findIndex((one) => one.slug === word || String(one.no) === word)
        : name === "subset" ? Number(word) : { ask: meta.asks, split: meta.splits, kind: medmat.KINDS }[name].indexOf(word);
      if (value >= 0) state.filters[name].add(value);
    }
  }
  at("search").value = state.query;
  const theme = told.get("theme") || stored();
  if (theme) document.documentElement.dataset.theme = theme;
}

// -- hands --------------------------------------------------------------------------------------------

function listen() {
  at("views").addEventListener("click", (event) => { const button = event.target.closest("button"); if (button) view(button.dataset.view); });
  let timer = 0;
  at("search").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { state.query = at("search").value; show(); }, 120);
  });
  at("grid").addEventListener("click", (event) => { const card = event.target.closest(".card"); if (card && shown) openAt(Number(card.dataset.n)); });
  at("boxes").onclick = () => toggle("boxes");
  at("answers").onclick = () => toggle("answers");
  at("theme").onclick = theme;
  at("help").onclick = () => at("keys").showModal();
  at("menu").onclick = () => document.body.classList.toggle("filtering");
  at("keys").querySelector("[data-close]").onclick = () => at("keys").close();
  document.addEventListener("keydown", pressed);
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || at("keys").open) return;
  const typing = /^(input|select|textarea)$/i.test(event.target.tagName);
  if (typing) {
    if (event.key === "Escape" || event.key === "Enter") event.target.blur();
    return;
  }
  if (detail.open && detail.key(event)) return event.preventDefault();
  const simple = { "b": () => toggle("boxes"), "t": theme, "?": () => at("keys").showModal() };
  const outer = { "/": () => at("search").focus(), "1": () => view("questions"), "2": () => view("rounds"), "3": () => view("problems"), "a": () => toggle("answers"), "f": () => document.body.classList.toggle("filtering") };
  const act = simple[event.key] || (!detail.open && (outer[event.key] || cursor(event)));
  if (act) {
    event.preventDefault();
    act();
  }
}

// Arrows walk from card to card, Enter opens one.
function cursor(event) {
  const card = document.activeElement?.closest?.(".card");
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.columns, ArrowDown: grid.columns }[event.key];
  if (by !== undefined) return () => grid.focus(card ? Number(card.dataset.n) + by : 0);
  return event.key === "Enter" && card && shown ? () => openAt(Number(card.dataset.n)) : null;
}

function view(name) {
  state.view = name;
  show();
}

function toggle(name) {
  look[name] = !look[name];
  if (detail.open) detail.draw();
  else show();
}

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("medmat-theme", root.dataset.theme);
  } catch { /* a browser that keeps nothing */ }
}

function stored() {
  try {
    return localStorage.getItem("medmat-theme");
  } catch {
    return null;
  }
}
