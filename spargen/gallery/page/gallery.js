// The page: filters, cards of samples, and the table of cells. Reads window.GALLERY, which data.js holds.
"use strict";

const PAGE = 24; // cards that are added at a time
const FEW = 5; // rows with more images are clips: their frames play
const MS_A_FRAME = 350;

/** Make an element: properties, then children (texts or elements). Data reaches the page as text only. */
function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const byId = (id) => document.getElementById(id);
const form = byId("filter");
const FILTERS = ["task", "form", "dataset", "split", "label"];
let shown = PAGE;

function chosen() {
  return Object.fromEntries(FILTERS.map((name) => [name, form.elements[name].value.trim()]));
}

function fits(cell, wanted) {
  return ["dataset", "split", "task", "form"].every((name) => !wanted[name] || wanted[name] === cell[name]);
}

function cellOf(row) {
  const [dataset, split, task, form] = row.cell;
  return { dataset, split, task, form };
}

/** Labels that a row is about: those of its objects, and those that a task names as what is asked. */
function labelsOf(row) {
  return [...(row.fact.labels ?? []), ...String(row.fact.quantity ?? "").split(", ")].map((label) => label.toLowerCase());
}

function matches(row, wanted) {
  return fits(cellOf(row), wanted) && (!wanted.label || labelsOf(row).includes(wanted.label.toLowerCase()));
}

// ---------------------------------------------------------------------------------------------------------- cards

function marksOn(row, position) {
  const here = (row.fact.marks ?? []).filter((mark) => mark.image === position);
  return here.map((mark) => `${mark.colour === "none" ? "numbered" : mark.colour} ${mark.kind === "bbox" ? "box" : "point"}`);
}

function describe(row, position) {
  const marks = marksOn(row, position);
  const frame = row.fact.frames?.[position] ?? position;
  const many = row.images.length > 1 ? `Image ${position + 1} of ${row.images.length}, frame ${frame}` : `Frame ${frame}`;
  return many + (marks.length ? `, with a ${marks.join(", a ")}` : "");
}

function picture(row, position) {
  const [src, width, height] = row.images[position];
  const image = el("img", { src, width, height, alt: describe(row, position), loading: "lazy", decoding: "async" });
  return el("span", { className: "picture" }, image);
}

function stills(row) {
  const box = el("div", { className: row.images.length > 1 ? "images several" : "images" });
  row.images.forEach((_, i) => {
    const caption = row.images.length > 1 ? el("figcaption", {}, `Image ${i + 1}, frame ${row.fact.frames?.[i] ?? ""}`) : "";
    box.append(el("figure", {}, el("a", { href: row.images[i][0], title: "Open the image alone" }, picture(row, i)), caption));
  });
  return box;
}

/** A clip: the frame of now, a button, a slider, and all frames in a strip. */
function clip(row) {
  const count = row.images.length;
  const big = picture(row, 0);
  const caption = el("figcaption");
  const play = el("button", { type: "button" }, "Play");
  const slider = el("input", { type: "range", min: 0, max: count - 1, value: 0, ariaLabel: "Frame of the clip" });
  const strip = el("div", { className: "strip", tabIndex: 0, role: "group", ariaLabel: "All frames of the clip" });
  row.images.forEach(([src, width, height], i) => {
    const small = el("img", { src, width, height, alt: "", loading: "lazy", title: `Frame-${i}` });
    small.classList.toggle("marked", marksOn(row, i).length > 0);
    small.addEventListener("click", () => go(i));
    strip.append(small);
  });
  let now = -1;
  let timer = null;
  function go(i) {
    strip.children[now]?.classList.remove("now");
    now = i;
    const image = big.firstChild;
    image.src = row.images[i][0];
    image.alt = describe(row, i);
    slider.value = i;
    slider.setAttribute("aria-valuetext", `Frame-${i}`);
    const marks = marksOn(row, i);
    caption.textContent = `Frame-${i} of ${count}` + (marks.length ? `: a ${marks.join(", a ")}` : "");
    const small = strip.children[i];
    small.classList.add("now");
    strip.scrollLeft = small.offsetLeft - strip.offsetLeft - strip.clientWidth / 2 + small.clientWidth / 2;
    big.dispatchEvent(new CustomEvent("frame", { detail: i, bubbles: true }));
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }
  play.addEventListener("click", () => {
    if (timer !== null) return stop();
    play.textContent = "Pause";
    timer = setInterval(() => (big.isConnected ? go((now + 1) % count) : stop()), MS_A_FRAME);
  });
  slider.addEventListener("input", () => (stop(), go(Number(slider.value))));
  go(0);
  return el("div", { className: "clip" }, el("figure", {}, big, caption), el("div", { className: "controls" }, play, slider), strip);
}

/** The dashed box that an answer names, laid over its image. */
function answerBox(row, images) {
  const [position, x1, y1, x2, y2] = row.box;
  const style = `left:${x1 / 10}%;top:${y1 / 10}%;width:${(x2 - x1) / 10}%;height:${(y2 - y1) / 10}%`;
  const at = images.querySelectorAll(".picture")[position];
  at?.append(el("span", { className: "answer-box", style, role: "img", ariaLabel: "Box of the answer" }));
}

function answer(row, images) {
  const body = el("div");
  const block = el("details", { className: "ask" }, el("summary", {}, "Answer"), body);
  block.addEventListener("toggle", () => {
    images.querySelectorAll(".answer-box").forEach((box) => box.remove());
    // The text is not in the page before it is asked for: neither searching nor reading aloud gives it away.
    body.replaceChildren();
    if (!block.open) return;
    body.append(el("p", { className: "answer" }, row.answer));
    if (row.box) answerBox(row, images);
  });
  return block;
}

/** Numbers as the fact has them, unrounded; lists in one line. */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (value && typeof value === "object") return Object.entries(value).map(([k, v]) => `${k} ${plain(v)}`).join(", ");
  return value === null ? "none" : String(value);
}

function trail(row) {
  const { fact } = row;
  const list = el("dl");
  const say = (name, ...value) => list.append(el("dt", {}, name), el("dd", {}, ...value));
  say("row", row.id);
  const colour = Object.fromEntries((fact.marks ?? []).map((mark) => [mark.object, mark.colour]));
  (fact.objects ?? []).forEach((id, i) => {
    say(i ? "" : "objects", el("span", { className: colour[id] ?? "" }, `${fact.labels?.[i] ?? ""} (id ${id})`));
  });
  const rest = { truth: fact.truth, margin: fact.margin };
  for (const [group, value] of Object.entries(rest)) {
    const entries = value && typeof value === "object" ? Object.entries(value) : [[group, value ?? null]];
    entries.forEach(([name, number]) => say(group === "margin" && name !== group ? `margin ${name}` : name, plain(number)));
  }
  const told = new Set(["dataset", "scene", "split", "task", "form", "id", "objects", "labels", "marks", "truth", "margin"]);
  for (const [name, value] of Object.entries(fact)) {
    if (!told.has(name) && plain(value) !== "") say(name.replaceAll("_", " "), plain(value));
  }
  const block = el("details", { className: "fact" }, el("summary", {}, "Fact"));
  block.addEventListener("toggle", () => block.open && !list.isConnected && block.append(list));
  return block;
}

function place(row, card) {
  const block = el("details", { className: "scene" }, el("summary", {}, "Scene from above"));
  block.addEventListener("toggle", () => block.open && block.children.length === 1 && openScene(block, row, card));
  return block;
}

function card(row) {
  const { dataset, split, task, form: kind } = cellOf(row);
  const images = row.images.length > FEW ? clip(row) : stills(row);
  const head = el("header", {}, el("h3", {}, `${task} · ${kind}`), el("div", { className: "where" }, `${dataset} · ${split} · ${row.id}`));
  const made = el("article", { className: "card" }, head, images, el("p", { className: "question" }, row.question));
  made.append(answer(row, images), trail(row), GALLERY.scenes[row.scene] ? place(row, made) : "");
  return made;
}

// ---------------------------------------------------------------------------------------------------------- page

function showAnswers(within) {
  within.querySelectorAll("details.ask").forEach((block) => (block.open = form.elements.answers.checked));
}

function showCards(from) {
  const rows = GALLERY.rows.filter((row) => matches(row, chosen()));
  const cards = rows.slice(from, shown).map(card);
  if (from) byId("cards").append(...cards);
  else byId("cards").replaceChildren(...cards);
  cards.forEach(showAnswers);
  byId("count").textContent = rows.length ? `${Math.min(shown, rows.length)} of ${rows.length} samples` : "No sample fits.";
  byId("more").hidden = shown >= rows.length;
}

function show() {
  shown = PAGE;
  showCards(0);
  showCharts(byId("charts"), GALLERY.cells.filter((cell) => fits(cell, chosen())));
}

function options(name) {
  return [...new Set(GALLERY.cells.map((cell) => cell[name]))].sort();
}

function fillFilter() {
  for (const name of ["task", "form", "dataset", "split"]) {
    const found = options(name);
    form.elements[name].append(el("option", { value: "" }, "all"), ...found.map((value) => el("option", { value }, value)));
    form.elements[name].closest("label").hidden = name === "split" && found.length < 2;
  }
  const labels = new Set(GALLERY.rows.flatMap(labelsOf).filter((label) => /\p{L}/u.test(label)));
  byId("labels").append(...[...labels].sort().map((value) => el("option", { value })));
}

function fillTable() {
  const forms = options("form");
  const head = el("tr", {}, el("th", { scope: "col" }, "task"), ...forms.map((name) => el("th", { scope: "col" }, name)));
  const body = options("task").map((task) => {
    const cells = forms.map((name) => {
      const rows = GALLERY.cells.filter((c) => c.task === task && c.form === name).reduce((sum, c) => sum + c.rows, 0);
      if (!rows) return el("td");
      const go = el("button", { type: "button", ariaLabel: `${rows} rows: show ${task}, ${name}` }, rows.toLocaleString("en"));
      go.addEventListener("click", () => choose({ task, form: name }));
      return el("td", {}, go);
    });
    return el("tr", {}, el("th", { scope: "row" }, task), ...cells);
  });
  byId("table").append(el("thead", {}, head), el("tbody", {}, ...body));
}

function choose(wanted) {
  FILTERS.forEach((name) => (form.elements[name].value = wanted[name] ?? ""));
  show();
  byId("samples").scrollIntoView();
  byId("samples").focus({ preventScroll: true });
}

/** Keep the filter in the address, so that it can be sent and comes back on reload. */
function remember() {
  const set = Object.entries(chosen()).filter(([, value]) => value);
  history.replaceState(null, "", `#${new URLSearchParams(set)}`);
}

function start() {
  const rows = GALLERY.cells.reduce((sum, cell) => sum + cell.rows, 0);
  byId("name").textContent = GALLERY.name;
  byId("summary").textContent =
    `${rows.toLocaleString("en")} questions of ${options("task").length} tasks in ${GALLERY.cells.length} cells; ` +
    `${GALLERY.rows.length} samples of them here.`;
  byId("terms").append(...Object.entries(GALLERY.terms).map(([name, text]) => el("p", {}, `${name}: ${text}`)));
  fillFilter();
  fillTable();
  const wanted = new URLSearchParams(location.hash.slice(1));
  FILTERS.forEach((name) => wanted.has(name) && (form.elements[name].value = wanted.get(name)));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => (remember(), show())));
  form.addEventListener("input", (event) => {
    if (event.target.name === "answers") return showAnswers(document);
    remember();
    show();
  });
  byId("more").addEventListener("click", () => {
    const from = shown;
    shown += PAGE;
    showCards(from);
    byId("cards").children[from]?.querySelector("summary").focus();
  });
  show();
}

start();
