// Elements. Whatever comes from data goes in as text, never as HTML.
"use strict";

function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null && child !== false));
  return made;
}

function svg(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// A name as it is, but with marks that turn, hide or break text written out.
function plainly(text) {
  return text.replace(/[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const letter = (place) => "ABCDEFGH"[place] || String(place + 1);
const counted = (count, one, many = one + "s") => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

// A picture with boxes over it. boxes: [{box: [x1, y1, x2, y2], style, name}] in pixels of the picture as stored.
medmat.stage = (record, boxes, { large = false } = {}) => {
  const image = make("img", { src: record.src || null, alt: "", draggable: "false", decoding: large ? "sync" : "async" });
  const stage = make("div", { class: "stage" }, image);
  const broken = () => {
    stage.classList.add("broken");
    stage.replaceChildren(make("p", {}, "This picture cannot be shown: it is not there, or the browser cannot read it."),
      make("code", {}, make("bdi", {}, plainly(record.image))));
  };
  image.addEventListener("error", broken);
  if (!record.src) broken();
  const drawn = (width, height) => stage.append(medmat.overlay(width, height, boxes));
  if (boxes.length && record.width) drawn(record.width, record.height);
  else if (boxes.length) image.addEventListener("load", () => drawn(image.naturalWidth, image.naturalHeight));
  return stage;
};

medmat.overlay = (width, height, boxes) => {
  // it fits into the stage as the picture does ("contain"), so both lie on one another whatever the stage's size
  const layer = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "xMidYMid meet", class: "boxes" });
  const size = Math.max(width, height) / 26;
  for (const { box: [x1, y1, x2, y2], style, name } of boxes) {
    const shape = { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
    layer.append(svg("rect", { ...shape, class: "shade" }));
    const line = svg("rect", { ...shape, class: `box ${style}` });
    if (name) line.append(svg("title", {}, name));
    layer.append(line);
    if (name && name.length <= 2) {
      layer.append(svg("text", { x: x1 + size * .25, y: y1 + size * .95, "font-size": size, class: style }, name));
    }
  }
  return layer;
};

// The boxes of a picture: of the classes asked about, and of all others.
medmat.known = (record) => record.boxes.flatMap(({ caption, boxes }, place) => boxes.map((box) => ({
  box, name: caption, style: record.captions.includes(caption) ? "asked" : `other c${place % 5}`,
})));

// The boxes that one option, or the question, writes.
medmat.written = (record, text, style, name) =>
  record.shard.boxesIn(text, record.picture).map((box) => ({ box, style, name }));

medmat.chips = (record) => make("p", { class: "chips" },
  make("span", { class: "chip set", title: record.dataset.title }, `${record.dataset.no || ""} ${record.dataset.slug}`.trim()),
  make("span", { class: "chip" }, record.ask),
  make("span", { class: "chip" }, record.split),
  !record.options.length && make("span", { class: "chip quiet" }, "open"),
  record.options.length > 0 && record.round < 0 && make("span", { class: "chip quiet" }, "surplus"));

medmat.card = (record, look) => make("article", { class: "card", tabindex: "0", "data-key": record.key },
  medmat.stage(record, look.boxes ? [...medmat.known(record), ...asked(record)] : []),
  medmat.chips(record),
  make("p", { class: "question" }, record.question),
  look.answers && make("p", { class: "answer", dir: "auto" }, record.answer));

medmat.roundCard = (records, look) => make("article", { class: "card round", tabindex: "0", "data-round": records[0].roundName },
  make("div", { class: "row" }, ...records.map((record) => make("figure", {},
    medmat.stage(record, look.boxes ? [...medmat.known(record), ...asked(record)] : []),
    look.answers && make("figcaption", { class: "answer" }, make("b", {}, letter(record.right)), ` ${record.answer}`)))),
  medmat.chips(records[0]),
  make("p", { class: "question" }, records[0].question));

// Structure questions name a box in their text: it is part of the question.
function asked(record) {
  return record.ask === "structure" ? medmat.written(record, record.question, "named", "") : [];
}
