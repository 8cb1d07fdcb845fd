"use strict";
// Draws the time line and the heat map from the data, sorts tables, shows tips.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const NS = "http://www.w3.org/2000/svg";
  const LEFT = 172, RIGHT = 12;
  const root = document.documentElement;
  window.addEventListener("error", e => { root.dataset.error = e.message; });

  function el(parent, name, attrs, text) {
    const e = document.createElementNS(NS, name);
    for (const k in attrs) e.setAttribute(k, attrs[k]);
    if (text !== undefined) e.textContent = text;
    parent.appendChild(e);
    return e;
  }

  function time(us) {
    const abs = Math.abs(us);
    if (abs >= 1e6) return +(us / 1e6).toPrecision(4) + " s";
    if (abs >= 1e3) return +(us / 1e3).toPrecision(4) + " ms";
    return +us.toPrecision(3) + " µs";
  }

  function pages(n) {
    return n * 4 < 1024 ? n * 4 + " KiB" : +(n / 256).toPrecision(4) + " MiB";
  }

  const card = i => `var(--card${i % 4})`;

  function legend(id, items) {
    const box = document.getElementById(id);
    for (const [colour, text, dot] of items) {
      const s = document.createElement("span"), i = document.createElement("i");
      i.style.background = colour;
      if (dot) i.className = "dot";
      s.append(i, text);
      box.append(s);
    }
  }

  // ---- tips: elements carry their text in `tip` ----
  const tip = document.getElementById("tip");
  function showTip(target, x, y) {
    if (!target || !target.tip) { tip.hidden = true; return; }
    tip.textContent = target.tip;
    tip.hidden = false;
    const w = tip.offsetWidth, h = tip.offsetHeight;
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - w - 8)) + "px";
    tip.style.top = (y + 18 + h > innerHeight ? y - h - 10 : y + 18) + "px";
  }
  document.addEventListener("pointermove", e => showTip(e.target, e.clientX, e.clientY));
  document.addEventListener("pointerleave", () => { tip.hidden = true; });

  // ---- axis ----
  function ticks(from, to, about) {
    const raw = (to - from) / about;
    const mag = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map(f => f * mag).find(s => s >= raw);
    const out = [];
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) out.push(t);
    return out;
  }

  function axis(svg, x, from, to, top, bottom, width) {
    for (const t of ticks(from, to, Math.max(2, (width - LEFT) / 120))) {
      const at = x(t + data.start);
      el(svg, "line", {class: "grid", x1: at, x2: at, y1: top, y2: bottom});
      const last = at + 40 > width; // else its end would be cut off
      el(svg, "text", {class: "tick", x: last ? at - 3 : at + 3, y: top - 5,
                       "text-anchor": last ? "end" : "start"}, time(t));
    }
  }

  // ---- time line ----
  const LANE = 20, LEVEL = 38;
  let from = data.start, to = data.end;
  const timeline = document.getElementById("timeline");

  function drawTimeline() {
    const width = Math.max(timeline.clientWidth, 480);
    const scale = (width - LEFT - RIGHT) / (to - from);
    const x = t => LEFT + (t - from) * scale;
    const svg = document.createElementNS(NS, "svg");
    const marks = [];
    let y = 26, group = null;
    for (const lane of data.lanes) {
      if (lane.group !== group) {
        group = lane.group;
        marks.push(() => {});
        el(svg, "text", {class: "group", x: 0, y: y + 12}, group.slice(0, 90));
        y += 20;
      }
      const h = lane.level ? LEVEL : LANE;
      el(svg, "text", {x: 8, y: y + h / 2 + 4}, lane.name);
      el(svg, "rect", {class: "lane", x: LEFT, y, width: width - LEFT - RIGHT, height: h - 2});
      const top = y;
      marks.push(() => drawLane(svg, lane, top, h, x, width));
      y += h + 3;
    }
    const height = y + 6;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", height);
    axis(svg, x, from - data.start, to - data.start, 22, height - 6, width);
    marks.forEach(m => m());
    timeline.replaceChildren(svg);
  }

  function drawLane(svg, lane, y, h, x, width) {
    const right = width - RIGHT;
    for (const [kind, start, end, name, many] of lane.spans) {
      if (end < from || start > to) continue;
      const a = Math.max(x(start), LEFT), b = Math.min(Math.max(x(end), a + 1), right);
      if (a >= right) continue;
      const r = el(svg, "rect", {x: a, y: y + 1, width: b - a, height: h - 4, rx: b - a > 6 ? 3 : 0,
        fill: `var(--${kind})`, class: "span " + kind});
      r.tip = `${name}${many > 1 ? ` (${many} times)` : ""}\n${time(end - start)}, at ${time(start - data.start)}`;
      if (b - a > name.length * 7 + 8)
        el(svg, "text", {class: "on", x: a + 5, y: y + h / 2 + 4}, name);
    }
    for (const [at, cat, what] of lane.points) {
      if (at < from || at > to) continue;
      const p = el(svg, "rect", {x: x(at) - 1, y: y + 1, width: 2, height: h - 4, class: "point " + cat,
        fill: cat === "fault" ? "var(--fault)" : cat === "invalidate" ? "var(--muted)" : "var(--grave)"});
      p.tip = `${cat}: ${what}\nat ${time(at - data.start)}`;
    }
    if (lane.level) drawLevel(svg, lane, y, h, x, right);
  }

  function drawLevel(svg, lane, y, h, x, right) {
    const max = Math.max(1, ...lane.level.map(l => l[1]));
    let d = `M${LEFT},${y + h - 2}`, last = 0;
    const at = v => y + h - 2 - v / max * (h - 6);
    for (const [t, v] of lane.level) {
      const px = Math.min(Math.max(x(t), LEFT), right);
      d += `L${px},${at(last)}L${px},${at(v)}`;
      last = v;
    }
    d += `L${right},${at(last)}L${right},${y + h - 2}Z`;
    const p = el(svg, "path", {d, class: "level", fill: "var(--to-card)", opacity: .45});
    p.tip = `at most ${pages(max)} on the card`;
  }

  function view(a, b) {
    const least = (data.end - data.start) / 1e5, whole = data.end - data.start;
    const w = Math.min(Math.max(b - a, least), whole);
    from = Math.min(Math.max(a, data.start), data.end - w);
    to = from + w;
    drawTimeline();
  }
  function zoom(f, at) {
    const c = at === undefined ? (from + to) / 2 : at;
    view(c - (c - from) * f, c + (to - c) * f);
  }
  timeline.addEventListener("keydown", e => {
    const w = to - from;
    const act = {ArrowLeft: () => view(from - w / 5, to - w / 5), ArrowRight: () => view(from + w / 5, to + w / 5),
      "+": () => zoom(.6), "=": () => zoom(.6), "-": () => zoom(1 / .6), "0": () => view(data.start, data.end)}[e.key];
    if (act) { act(); e.preventDefault(); }
  });
  timeline.addEventListener("wheel", e => {
    if (!e.ctrlKey) return;
    const r = timeline.getBoundingClientRect();
    zoom(e.deltaY > 0 ? 1.25 : .8, from + (e.clientX - r.left - LEFT) / (r.width - LEFT - RIGHT) * (to - from));
    e.preventDefault();
  }, {passive: false});
  let drag = null;
  timeline.addEventListener("pointerdown", e => { drag = {x: e.clientX, from, to}; timeline.focus(); });
  addEventListener("pointerup", () => { drag = null; });
  addEventListener("pointermove", e => {
    if (!drag) return;
    const d = (e.clientX - drag.x) / (timeline.clientWidth - LEFT - RIGHT) * (drag.to - drag.from);
    view(drag.from - d, drag.to - d);
  });

  // ---- heat map ----
  const COLUMNS = 160, STEPS = 8, ROW = 14;
  const heat = document.getElementById("heat");

  function drawHeat() {
    const width = Math.max(heat.clientWidth, 480), cell = (width - LEFT - RIGHT) / COLUMNS;
    const span = (data.end - data.start) / COLUMNS;
    const svg = document.createElementNS(NS, "svg");
    const rows = data.heat.reduce((n, p) => n + p.rows.length, 0);
    const height = 30 + data.heat.length * 26 + rows * ROW;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", height);
    const x = t => LEFT + (t - data.start) / span * cell;
    axis(svg, x, 0, data.end - data.start, 22, height - 4, width);
    let y = 26;
    for (const place of data.heat) {
      el(svg, "text", {class: "group", x: 0, y: y + 15},
        `${place.label}, ${pages(Math.ceil(place.bytes / 4096))} at 0x${place.addr.toString(16)}`);
      y += 20;
      for (const row of place.rows) {
        drawRow(svg, place, row, y, cell, span, width);
        y += ROW;
      }
      y += 6;
    }
    if (!data.heat.length) el(svg, "text", {x: 0, y: 20}, "No page faulted or moved.");
    heat.replaceChildren(svg);
  }

  function drawRow(svg, place, row, y, cell, span, width) {
    const name = "+" + pages((row.addr - place.addr) / 4096);
    el(svg, "text", {class: "tick", x: LEFT - 8, y: y + 11, "text-anchor": "end"}, name);
    const back = el(svg, "rect", {class: "lane", x: LEFT, y, width: width - LEFT - RIGHT, height: ROW - 2});
    back.tip = `${place.label} ${name}, ${row.pages} pages\nin system memory`;
    const hot = []; // on top of the cells
    for (const [first, n, on, shade, faults] of row.cells) {
      const at = LEFT + first * cell;
      const text = `${place.label} ${name}, ${row.pages} pages\nfrom ${time(first * span)}: ` +
        (shade ? `${shade === STEPS ? "all" : "about " + Math.round(shade / STEPS * 100) + " %"} on card ${on}`
               : "in system memory") + (faults ? `\n${faults} GPU fault${faults > 1 ? "s" : ""}` : "");
      if (shade) {
        el(svg, "rect", {class: "cell", x: at, y, width: n * cell + .3, height: ROW - 2, fill: card(on),
          "fill-opacity": .2 + .8 * shade / STEPS}).tip = text;
      }
      if (faults) {
        const h = Math.min(ROW - 2, 6 + Math.log2(faults) * 1.5);
        hot.push([{class: "hot", x: at + cell / 2 - 1.5, y: y + ROW - 2 - h, width: 3, height: h}, text]);
      }
    }
    for (const [attrs, text] of hot) el(svg, "rect", attrs).tip = text;
  }

  // ---- tables ----
  for (const button of document.querySelectorAll("th button")) {
    button.addEventListener("click", () => {
      const th = button.parentElement, body = th.closest("table").tBodies[0];
      const col = th.cellIndex, down = th.getAttribute("aria-sort") !== "descending";
      for (const other of th.parentElement.children) other.setAttribute("aria-sort", "none");
      th.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = row => { const v = row.cells[col].dataset.v; return isNaN(v) ? v : +v; };
      const rows = [...body.rows].filter(r => r.cells.length > col);
      rows.sort((a, b) => { const p = key(a), q = key(b); return (p < q ? -1 : p > q) * (down ? -1 : 1); });
      body.append(...rows);
    });
  }

  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  legend("legend-time", [["var(--kernel)", "kernel"], ["var(--command)", "other command"],
    ["var(--to-card)", "to the card"], ["var(--to-host)", "back"], ["var(--service)", "fault service"],
    ["var(--fault)", "GPU fault", true], ["var(--grave)", "refused", true], ["var(--muted)", "memory changed", true]]);
  legend("legend-heat", data.cards.map(c => [card(c), "on card " + c]).concat(
    [["var(--grid)", "in system memory"], ["var(--fault)", "GPU faults", true]]));
  const draw = () => { drawTimeline(); drawHeat(); };
  draw();
  addEventListener("resize", draw);
  addEventListener("beforeprint", draw);
  root.dataset.ready = "yes";
})();
