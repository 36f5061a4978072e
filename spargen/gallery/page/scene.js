// A scene in a canvas: surface points, boxes and cameras, seen along parallel rays; it starts from above and can be turned.
"use strict";

const FROM_ABOVE = { yaw: 0, pitch: Math.PI / 2 };
const TILTED = { yaw: 0.6, pitch: 0.6 };
const scenes = new Map();
const waiting = new Map();

/** Called by the file of a scene. */
window.addScene = (name, scene) => {
  scenes.set(name, scene);
  (waiting.get(name) ?? []).forEach((ready) => ready(scene));
  waiting.delete(name);
};

function withScene(name, ready) {
  if (scenes.has(name)) return ready(scenes.get(name));
  if (waiting.has(name)) return waiting.get(name).push(ready);
  waiting.set(name, [ready]);
  document.head.append(el("script", { src: GALLERY.scenes[name] }));
}

/** Rotate about Z by yaw, then tip by pitch: x to the right, y up the screen. Centimetres in, centimetres out. */
function turned([x, y, z], { yaw, pitch }) {
  const across = x * Math.cos(yaw) - y * Math.sin(yaw);
  const away = x * Math.sin(yaw) + y * Math.cos(yaw);
  return [across, away * Math.sin(pitch) + z * Math.cos(pitch)];
}

/** What of a scene one row shows: its cameras in the order of its images, and its objects with their colours. */
function cast(scene, row) {
  const marked = Object.fromEntries((row.fact.marks ?? []).map((mark) => [mark.object, mark.colour]));
  const cameras = (row.fact.frames ?? []).map((frame) => scene.cameras[frame]);
  const objects = (row.fact.objects ?? []).filter((id) => scene.objects[id]);
  return { cameras, objects: objects.map((id) => ({ ...scene.objects[id], id, colour: marked[id] ?? "none" })) };
}

const EDGES = [[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6], [6, 7], [7, 4], [0, 4], [1, 5], [2, 6], [3, 7]];

class SceneView {
  constructor(canvas, scene, row) {
    Object.assign(this, { canvas, scene, ...cast(scene, row), now: 0, zoom: 1, ...FROM_ABOVE });
    this.others = Object.entries(scene.objects).filter(([id]) => !this.objects.some((o) => String(o.id) === id)).map(([, o]) => o);
    const about = scene.points.length ? scene.points : [...Object.values(scene.objects).flatMap((o) => o.box), ...this.cameras.filter(Boolean).map((c) => c.eye)];
    const span = [0, 1, 2].map((k) => about.reduce(([low, high], p) => [Math.min(low, p[k]), Math.max(high, p[k])], [Infinity, -Infinity]));
    this.middle = span.map(([low, high]) => (low + high) / 2);
    this.size = [span[0][1] - span[0][0], span[1][1] - span[1][0], span[2][1] - span[2][0]];
  }

  /** Centimetres on the screen's axes to pixels. */
  at(point) {
    const [x, y] = turned(point.map((value, k) => value - this.middle[k]), this);
    return [this.width / 2 + x * this.scale, this.height / 2 - y * this.scale];
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.canvas;
    Object.assign(this.canvas, { width: clientWidth * ratio, height: clientHeight * ratio });
    Object.assign(this, { width: clientWidth, height: clientHeight });
    const [wide, deep, high] = this.size;
    // At any angle no more than the diagonal is needed; from above, the floor fills the canvas.
    const flat = this.pitch > 1.5 && this.yaw === 0;
    const span = flat ? [wide, deep] : [Math.hypot(wide, deep), Math.hypot(wide, deep) * Math.sin(this.pitch) + high];
    this.scale = 0.92 * this.zoom * Math.min(this.width / (span[0] || 1), this.height / (span[1] || 1));
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    const style = getComputedStyle(this.canvas);
    this.ink = (name) => style.getPropertyValue(`--${name}`).trim();
    this.drawPoints(pen);
    this.others.forEach((object) => this.drawBox(pen, object, this.ink("box"), 0.7));
    this.objects.forEach((object) => this.drawBox(pen, object, this.colourOf(object), 2.5));
    this.drawCameras(pen);
    this.objects.forEach((object) => this.write(pen, object.label, this.at(object.center), this.colourOf(object)));
    this.drawScale(pen);
  }

  colourOf({ colour }) {
    return this.ink(["red", "blue", "green", "yellow"].includes(colour) ? colour : "ink");
  }

  drawPoints(pen) {
    pen.fillStyle = this.ink("point");
    pen.globalAlpha = 0.55;
    for (const point of this.scene.points) {
      const [x, y] = this.at(point);
      pen.fillRect(x, y, 1.2, 1.2);
    }
    pen.globalAlpha = 1;
  }

  drawBox(pen, { box }, colour, width) {
    const corners = box.map((corner) => this.at(corner));
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    for (const [a, b] of EDGES) {
      pen.moveTo(...corners[a]);
      pen.lineTo(...corners[b]);
    }
    pen.stroke();
  }

  drawCameras(pen) {
    const many = this.cameras.length > FEW;
    if (many) this.drawPath(pen);
    this.cameras.forEach((camera, i) => {
      if (!camera || (many && i !== this.now)) return;
      const eye = this.at(camera.eye);
      const corners = camera.corners.map((corner) => this.at(corner));
      pen.strokeStyle = this.ink("accent");
      pen.lineWidth = 1.5;
      pen.beginPath();
      corners.forEach((corner, k) => {
        pen.moveTo(...eye);
        pen.lineTo(...corner);
        pen.lineTo(...corners[(k + 1) % 4]);
      });
      pen.stroke();
      this.write(pen, many ? `Frame-${i}` : `camera ${i + 1}`, eye, this.ink("accent"));
    });
  }

  drawPath(pen) {
    pen.strokeStyle = pen.fillStyle = this.ink("accent");
    pen.lineWidth = 1;
    pen.beginPath();
    this.cameras.filter(Boolean).forEach((camera) => pen.lineTo(...this.at(camera.eye)));
    pen.stroke();
    this.cameras.filter(Boolean).forEach((camera) => {
      const [x, y] = this.at(camera.eye);
      pen.fillRect(x - 2, y - 2, 4, 4);
    });
  }

  drawScale(pen) {
    const y = this.height - 12;
    pen.strokeStyle = this.ink("ink");
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(12, y);
    pen.lineTo(12 + 100 * this.scale, y);
    pen.stroke();
    this.write(pen, "1 m", [12, y - 8], this.ink("ink"));
  }

  write(pen, text, [x, y], colour) {
    pen.font = "600 13px system-ui, sans-serif";
    pen.lineWidth = 4;
    pen.lineJoin = "round";
    pen.strokeStyle = this.ink("page");
    pen.fillStyle = colour;
    const left = Math.max(4, Math.min(x + 5, this.width - pen.measureText(text).width - 4));
    pen.strokeText(text, left, y + 4);
    pen.fillText(text, left, y + 4);
  }

  turn(yaw, pitch) {
    this.yaw += yaw;
    this.pitch = Math.min(Math.PI / 2, Math.max(0, this.pitch + pitch));
    this.draw();
  }
}

const metres = (point) => point.map((value) => (value / 100).toFixed(2)).join(", ");

/** The same in words: where the cameras and the objects are. */
function inWords(view) {
  const lines = view.objects.map((o) => el("li", {}, el("span", { className: o.colour }, `${o.label} (id ${o.id})`), `: centre at ${metres(o.center)} m`));
  view.cameras.forEach((camera, i) => {
    if (camera && view.cameras.length <= FEW) lines.push(el("li", {}, `camera ${i + 1}: at ${metres(camera.eye)} m`));
  });
  return el("ul", {}, ...lines);
}

const KEYS = {
  ArrowLeft: (view) => view.turn(-0.1, 0),
  ArrowRight: (view) => view.turn(0.1, 0),
  ArrowUp: (view) => view.turn(0, 0.1),
  ArrowDown: (view) => view.turn(0, -0.1),
  "+": (view) => ((view.zoom *= 1.2), view.draw()),
  "-": (view) => ((view.zoom /= 1.2), view.draw()),
};

function steer(canvas, view) {
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS)) return;
    event.preventDefault();
    KEYS[event.key](view);
  });
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) view.turn(event.movementX * 0.01, event.movementY * 0.01);
  });
}

/** Fill a card's block with the view of its scene. */
function openScene(block, row, card) {
  const canvas = el("canvas", { tabIndex: 0, role: "img" });
  const above = el("button", { type: "button" }, "From above");
  const tilted = el("button", { type: "button" }, "Tilted");
  const help = el("figcaption", {}, "Drag or use the arrow keys to turn, + and - to zoom. Z is up; metres of the aligned world.");
  block.append(canvas, el("div", { className: "controls" }, above, tilted), help);
  withScene(row.scene, (scene) => {
    const view = new SceneView(canvas, scene, row);
    const words = inWords(view);
    canvas.setAttribute("aria-label", `The scene from above with ${view.cameras.length} cameras and: ${view.objects.map((o) => o.label).join(", ") || "no object asked about"}`);
    help.after(words);
    steer(canvas, view);
    const look = (pose) => (Object.assign(view, pose, { zoom: 1 }), view.draw());
    above.addEventListener("click", () => look(FROM_ABOVE));
    tilted.addEventListener("click", () => look(TILTED));
    card.addEventListener("frame", (event) => ((view.now = event.detail), view.draw()));
    new ResizeObserver(() => view.draw()).observe(canvas);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => view.draw());
  });
}
