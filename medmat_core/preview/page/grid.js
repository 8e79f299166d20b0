// A grid of cards of equal size of which only those in sight are in the page, however many there are.
"use strict";

medmat.Grid = class {
  // Beyond this many pixels browsers cut a page off: then a pixel of the scroll bar stands for more than one.
  static TALLEST = 8_000_000;
  static GAP = 14;

  constructor(scroller, canvas) {
    Object.assign(this, { scroller, canvas, count: 0, cards: new Map(), make: null, least: 220, high: 300 });
    scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.layout()).observe(scroller);
  }

  // count cards made by make(n) -> element; each at least `least` pixels wide and `high` pixels high.
  show(count, make, least, high) {
    Object.assign(this, { count, make, least, high });
    this.clear();
    this.scroller.scrollTop = 0;
    this.layout();
  }

  clear() {
    this.canvas.replaceChildren();
    this.cards.clear();
  }

  layout() {
    const width = this.canvas.clientWidth;
    if (!width) return;
    const { GAP, TALLEST } = medmat.Grid;
    const columns = Math.max(1, Math.floor((width + GAP) / (this.least + GAP)));
    this.step = this.high + GAP;
    this.across = (width + GAP) / columns;
    this.columns = columns;
    this.rows = Math.ceil(this.count / columns);
    this.real = this.rows * this.step;
    this.canvas.style.height = `${Math.min(this.real, TALLEST)}px`;
    this.clear();
    this.draw();
  }

  // The first pixel of the grid in sight, and where it stands in the canvas.
  _top() {
    const above = Math.max(0, this.scroller.scrollTop - this.canvas.offsetTop);
    const tall = Math.min(this.real, medmat.Grid.TALLEST), view = this.scroller.clientHeight;
    const real = this.real > tall ? Math.min(this.real - view, above * (this.real - view) / (tall - view)) : above;
    return [real, above];
  }

  draw() {
    if (!this.make || !this.columns) return;
    const [real, above] = this._top();
    const first = Math.max(0, Math.floor(real / this.step) - 1) * this.columns;
    const last = Math.min(this.count, (Math.ceil((real + this.scroller.clientHeight) / this.step) + 1) * this.columns);
    for (const [n, card] of this.cards) {
      if (n < first || n >= last) { card.remove(); this.cards.delete(n); }
    }
    for (let n = first; n < last; n++) {
      let card = this.cards.get(n);
      if (!card) {
        card = this.make(n);
        card.dataset.n = n;
        card.style.position = "absolute";
        card.style.width = `${this.across - medmat.Grid.GAP}px`;
        card.style.height = `${this.high}px`;
        this.cards.set(n, card);
        this.canvas.append(card);
      }
      const x = (n % this.columns) * this.across, y = Math.floor(n / this.columns) * this.step - real + above;
      card.style.transform = `translate(${x}px, ${y}px)`;
    }
  }

  // Bring a card into sight and focus it.
  focus(n) {
    const to = Math.max(0, Math.min(this.count - 1, n));
    const y = Math.floor(to / this.columns) * this.step, view = this.scroller.clientHeight;
    const [real] = this._top();
    if (y < real || y + this.step > real + view) {
      const top = Math.max(0, y - view / 2 + this.step / 2);
      const tall = Math.min(this.real, medmat.Grid.TALLEST);
      const above = this.real > tall ? top * (tall - view) / (this.real - view) : top;
      this.scroller.scrollTop = above + this.canvas.offsetTop;
      this.draw();
    }
    this.cards.get(to)?.focus({ preventScroll: true });
  }
};
