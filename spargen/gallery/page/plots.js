// The plots, drawn from counts that stand in the data: columns for numbers, bars for texts.
"use strict";

const BARS = 15;
const COLUMNS = 40;
const OTHERS = "all others";

/** Add histograms whose steps are one step times powers of two: the widest step holds for all. */
function addHistograms(parts) {
  const full = parts.filter((part) => part.bins.length);
  if (!full.length) return null;
  let step = Math.max(...full.map((part) => part.step));
  const places = new Map();
  const put = (place, n) => places.set(place, (places.get(place) ?? 0) + n);
  for (const part of full) for (const [place, n] of part.bins) put(Math.floor(place / Math.round(step / part.step)), n);
  while (Math.max(...places.keys()) - Math.min(...places.keys()) >= COLUMNS) {
    const old = [...places];
    places.clear();
    step *= 2;
    old.forEach(([place, n]) => put(Math.floor(place / 2), n));
  }
  return { step, places };
}

function addTexts(lists) {
  const counts = new Map();
  for (const list of lists) for (const [text, n] of list) counts.set(text, (counts.get(text) ?? 0) + n);
  const others = counts.get("") ?? 0;
  counts.delete("");
  const named = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const rest = others + named.slice(BARS).reduce((sum, [, n]) => sum + n, 0);
  return [...named.slice(0, BARS), ...(rest ? [[OTHERS, rest]] : [])];
}

const short = (number) => String(Number(number.toPrecision(6)));

function columns(histogram, unit) {
  const { step, places } = histogram;
  const low = Math.min(...places.keys());
  const high = Math.max(...places.keys());
  const most = Math.max(...places.values());
  const entries = [];
  for (let place = low; place <= high; place += 1) {
    entries.push([`${short(place * step)} to ${short((place + 1) * step)} ${unit}`, places.get(place) ?? 0]);
  }
  const bars = entries.map(([text, n]) => el("div", { title: `${text}: ${n}`, style: `height:${(100 * n) / most}%` }));
  const ends = [low * step, ((low + high + 1) / 2) * step, (high + 1) * step].map((x) => el("span", {}, short(x)));
  ends[2].textContent += ` ${unit}`;
  return [[el("div", { className: "columns" }, ...bars), el("div", { className: "scale" }, ...ends)], entries];
}

function bars(entries) {
  // All others together would dwarf the rest: their number stands without a bar.
  const most = Math.max(...entries.map(([text, n]) => (text === OTHERS ? 1 : n)));
  const lines = entries.flatMap(([text, n]) => [
    el("span", { title: text }, text),
    text === OTHERS ? el("span") : el("div", { style: `width:${(100 * n) / most}%` }),
    el("span", { className: "n" }, n.toLocaleString("en")),
  ]);
  return [el("div", { className: "bars" }, ...lines)];
}

/** A chart, and the same in figures for those who do not see it. */
function chart(title, drawn, entries) {
  const total = entries.reduce((sum, [, n]) => sum + n, 0);
  const lines = entries.filter(([, n]) => n).map(([text, n]) => el("tr", {}, el("th", { scope: "row" }, text), el("td", {}, String(n))));
  return el(
    "figure",
    { className: "chart" },
    el("figcaption", {}, `${title} (${total.toLocaleString("en")})`),
    el("div", { ariaHidden: "true" }, ...drawn),
    el("details", {}, el("summary", { ariaLabel: `${title}: in figures` }, "In figures"), el("table", {}, ...lines)),
  );
}

function showCharts(box, cells) {
  const made = [];
  const numbers = (title, name, unit) => {
    const sum = addHistograms(cells.map((cell) => cell[name]));
    if (sum) made.push(chart(title, ...columns(sum, unit)));
  };
  const texts = (title, lists) => {
    const entries = addTexts(lists);
    if (entries.length) made.push(chart(title, bars(entries), entries));
  };
  for (const form of [...new Set(cells.map((cell) => cell.form))].sort()) {
    texts(`Answers, ${form}`, cells.filter((cell) => cell.form === form).map((cell) => cell.texts));
  }
  numbers("Answers that are numbers, in the task's own unit", "numbers", "");
  numbers("Distances and depths behind the answers", "lengths", "m");
  numbers("Overlaps of two images of a question", "overlaps", "");
  texts("Labels of the objects asked about", cells.map((cell) => cell.labels));
  numbers("Length of the questions", "letters", "letters");
  box.replaceChildren(...made);
}
