// One question, large: its picture with boxes, the options, the right one on request; or its round, side by side.
"use strict";

medmat.Detail = class {
  constructor(dialog, look) {
    Object.assign(this, { dialog, look, onmove: () => {}, onclose: () => {}, onround: () => {} });
    dialog.addEventListener("close", () => this.onclose());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }

  get open() { return this.dialog.open; }

  // side: whether the round is shown side by side.
  show(record, side, where) {
    const round = record.round < 0 ? [record] : record.shard.membersOf(record.round).map((i) => record.shard.record(i));
    Object.assign(this, { record, round, side: side && record.round >= 0, where, revealed: false, others: false, picks: new Map() });
    if (!this.open) this.dialog.showModal();
    this.draw();
  }

  draw() {
    const panel = this.dialog.querySelector(".panel"), scrolled = panel ? panel.scrollTop : 0;
    this.stages = [];
    this.dialog.classList.toggle("side", this.side);
    this.dialog.replaceChildren(this._bar(), this.side ? this._round() : this._single(), this._panel());
    this.dialog.querySelector(".panel").scrollTop = scrolled;
    this.dialog.focus();
  }

  _bar() {
    const move = (by, name, sign) => make("button", { class: "icon", title: name, "aria-label": name, onclick: () => this.onmove(by) }, sign);
    return make("div", { class: "bar" }, move(-1, "Before (←)", "←"), make("span", {}, this.where), move(1, "Next (→)", "→"),
      make("span", { class: "grow" }),
      this.record.round >= 0 && make("div", { class: "switch", role: "group", "aria-label": "View" },
        make("button", { class: "toggle", "aria-pressed": String(!this.side), onclick: () => this.turn(false) }, "Picture"),
        make("button", { class: "toggle", "aria-pressed": String(this.side), title: "Side by side (r)", onclick: () => this.turn(true) }, "Round")),
      make("button", { class: "icon", title: "Close (Esc)", "aria-label": "Close", onclick: () => this.dialog.close() }, "✕"));
  }

  _single() { return make("div", { class: "pictures" }, this._picture(this.record)); }

  _round() {
    return make("div", { class: "pictures row" }, ...this.round.map((record) => make("figure", { class: record.key === this.record.key ? "current" : "" },
      this._picture(record),
      make("figcaption", {},
        ...record.options.map((option, place) => make("button", {
          class: this._mark("letter", record, place), title: option, onclick: () => this.pick(record, place),
        }, letter(place))),
        this.revealed && make("span", { class: "answer", dir: "auto" }, record.answer)))));
  }

  _picture(record) {
    const place = this.stages.length;
    const stage = medmat.stage(record, this._boxes(record), { large: true });
    this.stages[place] = { stage, record };
    return stage;
  }

  // Before the answer is told only what the question itself names is drawn.
  _boxes(record, hovered = -1) {
    if (hovered >= 0) return [...asked(record), ...medmat.written(record, record.options[hovered], "option", letter(hovered))];
    const told = this.revealed || !record.options.length;
    const boxes = told && this.look.boxes ? medmat.known(record) : [];
    if (this.others) {
      record.options.forEach((option, place) => {
        if (!told || place !== record.right) boxes.push(...medmat.written(record, option, "option", letter(place)));
      });
    }
    return [...boxes, ...asked(record)];
  }

  _hover(place) {
    for (const { stage, record } of this.stages) {
      const image = stage.querySelector("img");
      if (!image) continue;
      stage.querySelector("svg")?.remove();
      const boxes = this._boxes(record, place);
      if (boxes.length) stage.append(medmat.overlay(record.width || image.naturalWidth, record.height || image.naturalHeight, boxes));
    }
  }

  _panel() {
    const { record } = this;
    const boxed = record.options.some((option) => record.shard.boxesIn(option, record.picture).length);
    const options = record.options.map((option, place) => make("button", {
      class: this._mark("option", record, place), onclick: () => this.pick(record, place),
      ...(boxed && { onmouseenter: () => this._hover(place), onmouseleave: () => this._hover(-1) }),
    }, make("b", {}, letter(place)), make("span", { dir: "auto" }, option)));
    return make("div", { class: "panel" },
      medmat.chips(record),
      make("p", { class: "question", dir: "auto" }, record.question),
      options.length ? make("div", { class: "options" }, ...options)
        : make("p", { class: "open" }, "An open question: it has no options. ", this.revealed && make("strong", { class: "answer" }, record.answer)),
      make("div", { class: "actions" },
        make("button", { class: "primary", id: "reveal", onclick: () => this.reveal() }, this.revealed ? "Hide the answer" : "Reveal the answer", make("kbd", {}, "Space")),
        boxed && make("button", { class: "toggle", "aria-pressed": String(this.others), onclick: () => this.toggleOthers() }, "Other options' boxes", make("kbd", {}, "o"))),
      this._legend(),
      !this.side && this.round.length > 1 && this._strip(),
      this._facts());
  }

  // How an option looks: chosen, right, wrong. In a round each picture has its own.
  _mark(base, record, place) {
    const picked = this.picks.get(record.key) === place;
    const told = this.revealed && (base === "letter" || !this.side);
    return [base, picked && "picked", told && place === record.right && "right", told && picked && place !== record.right && "wrong"].filter(Boolean).join(" ");
  }

  _legend() {
    const { record } = this;
    if (this.side || !record.boxes.length || !this.look.boxes || !(this.revealed || !record.options.length)) return null;
    return make("ul", { class: "legend" }, ...record.boxes.map(({ caption, boxes }, place) => make("li", {},
      make("i", { class: record.captions.includes(caption) ? "asked" : `other c${place % 5}` }), `${caption} (${boxes.length})`)));
  }

  _strip() {
    return make("section", { class: "strip" }, make("h3", {}, `The round: ${counted(this.round.length, "picture")}, one question`),
      make("div", { class: "row" }, ...this.round.map((record) => make("button", {
        class: record.key === this.record.key ? "current" : "", "data-key": record.key, title: plainly(record.image),
        onclick: () => this.show(record, false, this.where),
      }, medmat.stage(record, []), this.revealed && make("b", {}, letter(record.right))))));
  }

  _facts() {
    const { record } = this;
    const rows = [
      ["picture", make("a", { href: record.src, target: "_blank", rel: "noopener" }, make("bdi", {}, plainly(record.image)))],
      ["size", record.width ? `${record.width} × ${record.height}` : "not read"],
      ["asks about", record.captions.join("; ")], ["group", plainly(record.group)], ["key", record.key],
      ["round", record.roundName], ["subset", medmat.subsetName(record.dataset.subset)],
      ["data set", record.dataset.title], ["license", record.dataset.license],
    ];
    return make("dl", { class: "facts" }, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [make("dt", {}, name), make("dd", { dir: "auto" }, value)]));
  }

  // -- what one does --------------------------------------------------------------------------------

  reveal() {
    this.revealed = !this.revealed;
    if (!this.revealed) this.picks.clear();
    this.draw();
  }

  // A choice tells the answer; in a round once every picture has one.
  pick(record, place) {
    if (this.side && record === this.record && this.round.length > 1 && !this.revealed && this.picks.get(record.key) === place) this.picks.delete(record.key);
    else this.picks.set(record.key, place);
    if (!this.side || this.picks.size === this.round.length) this.revealed = true;
    this.draw();
  }

  toggleOthers() {
    this.others = !this.others;
    this.draw();
  }

  turn(side) {
    if (this.record.round < 0) return;
    this.side = side;
    this.draw();
    this.onround(side);
  }

  // Whether a key was meant for this.
  key(event) {
    const { record } = this;
    if (event.key === "ArrowLeft") this.onmove(-1);
    else if (event.key === "ArrowRight") this.onmove(1);
    else if (event.key === " ") this.reveal();
    else if (event.key === "o") this.toggleOthers();
    else if (event.key === "r") this.turn(!this.side);
    else if (/^[1-8]$/.test(event.key) && Number(event.key) <= record.options.length) this.pick(record, Number(event.key) - 1);
    else return false;
    return true;
  }
};
