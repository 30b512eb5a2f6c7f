// The interactive part: n, f, p, s, d → the output's size, each pixel's influence, the rows that no window reads.
// The window of output o reads row o·s + r·d − p of the image for each tap r: everything here is computed from that.
"use strict";
(() => {
  const root = document.getElementById("widget");
  if (!root) return;
  const KNOBS = [
    ["n", "image n", 1, 12, 8], ["f", "filter f", 1, 7, 3], ["p", "padding p", 0, 4, 0],
    ["s", "stride s", 1, 4, 2], ["d", "dilation d", 1, 3, 1],
  ];

  // One axis: the number of windows, how many of them read each padded row, and the unread rows at the end.
  function axis({ n, f, p, s, d }) {
    const padded = n + 2 * p, reach = d * (f - 1) + 1;
    const size = padded < reach ? 0 : Math.floor((padded - reach) / s) + 1;
    const reads = Array(padded).fill(0);
    for (let o = 0; o < size; o++) for (let r = 0; r < f; r++) reads[o * s + r * d]++;
    return { size, reads, influence: reads.slice(p, p + n), unreadAtTheEnd: size ? (padded - reach) % s : padded };
  }

  function element(parent, tag, attributes = {}, text = "") {
    const e = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
    e.textContent = text;
    parent.append(e);
    return e;
  }

  const knobs = element(root, "div", { class: "knobs" });
  const inputs = {}, shown = {};
  for (const [key, label, min, max, value] of KNOBS) {
    const l = element(knobs, "label", {}, label);
    inputs[key] = element(l, "input", { type: "range", id: `knob-${key}`, min, max, value });
    shown[key] = element(l, "output", { for: `knob-${key}` });
    inputs[key].addEventListener("input", draw);
  }
  const message = element(root, "p", { class: "message", "aria-live": "polite" });
  const maps = element(root, "div", { class: "maps" });
  const [image, output] = ["The number of outputs that read each pixel; dashed: padding; red: never read",
    "The output: choose an element to see the pixels of its window"].map((title) => {
    const map = element(maps, "div", { class: "map" });
    element(map, "p", {}, title);
    return element(map, "div", { class: "grid" });
  });
  output.classList.add("outputs");

  function draw() {
    const g = {};
    for (const [key] of KNOBS) {
      g[key] = inputs[key].valueAsNumber;
      shown[key].textContent = g[key];
    }
    const { size, reads, influence, unreadAtTheEnd } = axis(g);
    const never = influence.flatMap((c, i) => (c ? [] : [i]));
    message.textContent = sentence(g, size, never, unreadAtTheEnd);
    message.classList.toggle("rejected", !size);
    root.dataset.result = JSON.stringify({ size, influence, never, unreadAtTheEnd: size ? unreadAtTheEnd : null });
    grids(g, size, reads);
  }

  function sentence({ n, f, p, s, d }, size, never, unreadAtTheEnd) {
    const formula = `⌊(${n} + 2·${p} − ${d}·(${f} − 1) − 1)/${s}⌋ + 1`;
    if (!size) return `The filter covers ${d * (f - 1) + 1} pixels and the padded image has ${n + 2 * p}: rejected.`;
    const rows = never.length ? `Never read: row${never.length > 1 ? "s" : ""} ${never.join(", ")}, counted from 0.`
      : "Every row of the image is read.";
    const end = unreadAtTheEnd ? ` Unread at the padded end: ${unreadAtTheEnd}.` : "";
    return `Output ${size}×${size}, by ${formula} = ${size}. ${rows}${end}`;
  }

  function grids(g, size, reads) {
    const most = Math.max(1, ...reads) ** 2, padded = reads.length;
    const grid = (parent, count, make) => {
      parent.style.gridTemplateColumns = `repeat(${count}, minmax(0, 1fr))`;
      parent.replaceChildren();
      for (let i = 0; i < count; i++) for (let j = 0; j < count; j++) make(i, j);
    };
    const inside = (i) => i >= g.p && i < g.p + g.n;
    const pixels = [];
    grid(image, padded, (i, j) => {
      const count = reads[i] * reads[j], pixel = inside(i) && inside(j);
      const kind = [pixel ? "pixel" : "pad", ...(size && !count ? ["unread"] : [])].join(" ");
      pixels.push(element(image, "span", { class: kind, style: `--share: ${count / most}` }, pixel ? count : ""));
    });
    output.style.width = `${(100 * size) / padded}%`; // its elements are as large as the pixels
    grid(output, size, (o, q) => {
      const e = element(output, "span", { role: "button", tabindex: -1, "aria-label": `output ${o}, ${q}` });
      const choose = () => {
        for (const c of output.querySelectorAll(".chosen")) {
          c.classList.remove("chosen");
          c.tabIndex = -1; // one stop for the whole grid; the arrow keys move in it
        }
        pixels.forEach((c) => c.classList.remove("seen"));
        e.classList.add("chosen");
        e.tabIndex = 0;
        for (let r = 0; r < g.f; r++) for (let t = 0; t < g.f; t++)
          pixels[(o * g.s + r * g.d) * padded + q * g.s + t * g.d].classList.add("seen");
      };
      for (const event of ["click", "focus", "mouseenter"]) e.addEventListener(event, choose);
      e.addEventListener("keydown", ({ key }) => {
        const [i, j] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key] ?? [];
        const inside = (k) => k >= 0 && k < size;
        if (i !== undefined && inside(o + i) && inside(q + j)) output.children[(o + i) * size + q + j].focus();
      });
      if (!o && !q) choose();
    });
  }

  draw();
})();
