// The map of the latent space: where the music lies; and, if it has a puck, the puck, paths, and
// sliders for the latents that are not its axes. It draws what the server tells it; what a hand does
// is told to the server. Points that are told anew move to where they are now.
import { OneInFlight, bytes } from "one_in_flight";

// Okabe and Ito 2008, which people of all kinds of colour vision tell apart; with three shapes.
const COLOURS = [
  "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#b8a800",
];
const OTHERS = "#7f7f7f";
const SHAPES = 3;
const NEAR = 7; // pixels
const EDGE = 10; // pixels around the space, so that the puck is whole in its corners
const STEP = 0.05, FINE = 0.005;
const KNOBS = ["X", "Y", "Z", "W"];
const WAY_FROM_PUCK = 34; // pixels
const GESTURE_MS = 900; // keys that follow each other sooner are one move for undo
const MOVE_MS = 300; // points on their way to where they are now

const knob = (axis) => KNOBS[axis] ?? `${axis + 1}`;
const clip = (value) => Math.min(1, Math.max(-1, value));
const said = (value) => (Math.abs(value) < 0.005 ? 0 : value).toFixed(2).replace("-", "−");

// From blue over grey to orange.
function ramp(value) {
  const mix = (a, b, share) => a.map((c, i) => Math.round(c + (b[i] - c) * share));
  const low = [0, 94, 178], middle = [150, 150, 150], high = [224, 110, 0];
  return `rgb(${value < 0 ? mix(low, middle, value + 1) : mix(middle, high, value)})`;
}

export default {
  // meanings: what more of each latent brings, such as "busier"; "" where nothing is said.
  props: { puck: Boolean, label: String, meanings: { type: Array, default: () => [] } },
  template: `
    <div class="lt-explore-map" :class="{ 'lt-explore-drawing': drawing }">
      <div class="lt-explore-square" ref="square">
        <canvas ref="ground" v-if="puck" aria-hidden="true"></canvas>
        <canvas ref="ground" v-else role="img" :aria-label="label" @pointermove="point"
          @pointerleave="left"></canvas>
        <canvas v-if="puck" ref="above" tabindex="0" role="slider" aria-label="Puck on the map of the latent space"
          aria-roledescription="two-dimensional slider" aria-valuemin="-1" aria-valuemax="1"
          :aria-valuenow="x.toFixed(2)" :aria-valuetext="words" aria-describedby="lt-explore-keys"
          @pointerdown="down" @pointermove="moved" @pointerrawupdate="raw" @pointerup="up" @pointercancel="up"
          @pointerleave="left" @keydown="key" @blur="gesture = 0"></canvas>
        <button v-if="way && puck" type="button" class="lt-explore-wayto" :style="arrow"
          aria-label="Nearest music this way: go there" title="Nearest music this way: go there"
          @click="$emit('arrow')">
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 9.5h9V4l9 8-9 8v-5.5H3z" /></svg>
        </button>
        <div class="lt-explore-thumb" ref="thumb" hidden aria-hidden="true">
          <canvas ref="small" v-if="puck"></canvas><span ref="caption"></span>
        </div>
        <span class="lt-explore-axis lt-explore-axis-x" aria-hidden="true">{{ named(axes[0]) }} →</span>
        <span v-if="latents > 1" class="lt-explore-axis lt-explore-axis-y" aria-hidden="true">{{ named(axes[1]) }} →</span>
      </div>
      <span v-if="puck" id="lt-explore-keys" class="lt-explore-hidden">Arrow keys move the puck, with Shift by small
        steps. Page up and page down move the first slider below. {{ meant }}</span>
      <label v-for="axis in others" :key="axis" class="lt-explore-range">
        <span>{{ named(axis) }}</span>
        <input type="range" min="-1" max="1" step="0.01" :aria-label="name(axis)"
          :value="position[axis]" @pointerdown="gesture = 0" @input="slide(axis, $event)">
        <output>{{ said(position[axis]) }}</output>
      </label>
    </div>`,
  data() {
    return { position: [], axes: [0, 1], latents: 2, drawing: false, gesture: 0, way: null, arrow: {} };
  },
  computed: {
    x() {
      return this.position[this.axes[0]] ?? 0;
    },
    y() {
      return this.position[this.axes[1]] ?? 0;
    },
    others() {
      return this.position.map((_, axis) => axis).filter((axis) => !this.axes.includes(axis));
    },
    words() {
      const [a, b] = this.axes;
      const second = this.flat ? "" : `, ${knob(b)} ${said(this.y)}`;
      return `${knob(a)} ${said(this.x)}${second}`;
    },
    meant() {
      const said = this.meanings.map((meaning, axis) => meaning && `${this.name(axis)} makes it ${meaning}.`);
      return said.filter(Boolean).join(" ");
    },
    flat() {
      return this.position.length < 2;
    },
  },
  created() {
    // Where they are drawn, and the group of each.
    this.points = { x: [], y: [], depth: [], group: [] };
    this.heat = null;
    this.path = [];
    this.only = -1;
    this.number = 0;
    this.hovered = null;
    this.moves = new OneInFlight((message) => this.$emit("move", message));
    this.looks = new OneInFlight((message) => this.$emit("look", message));
  },
  mounted() {
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.$refs.square);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.keys = (event) => {
      const field = event.target.closest?.("input:not([type=range]), textarea");
      if (field || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
      event.preventDefault();
      this.$emit(event.shiftKey ? "redo" : "undo");
    };
    if (this.puck) window.addEventListener("keydown", this.keys);
    this.$emit("ready");
  },
  unmounted() {
    this.watcher.disconnect();
    this.theme.disconnect();
    window.removeEventListener("keydown", this.keys);
    cancelAnimationFrame(this.frame);
  },
  methods: {
    said,
    name(axis) {
      return axis < KNOBS.length ? knob(axis) : `Latent ${axis + 1}`;
    },
    named(axis) {
      const meaning = this.meanings[axis];
      return meaning ? `${this.name(axis)}: ${meaning}` : this.name(axis);
    },

    // -- what the server says ---------------------------------------------------------------------

    setPoints(told) {
      const whole = new Int16Array(bytes(told.positions).buffer);
      const groups = bytes(told.groups);
      const axis = (which) => Float32Array.from(groups, (_, i) =>
        which < told.latents ? whole[i * told.latents + which] / 32767 : 0);
      const points = { x: axis(told.axes[0]), y: axis(told.axes[1]), depth: axis(2), group: groups };
      // Of one latent only: spread upwards, so that points do not hide each other. A puck has its
      // line.
      if (told.latents === 1 && !this.puck) points.y = points.y.map((_, i) => ((i * 0.618) % 1) - 0.5);
      const same = this.points.x.length === points.x.length && String(this.axes) === String(told.axes);
      this.axes = told.axes;
      this.latents = told.latents;
      this.third = told.third;
      this.sized = told.sized;
      this.which = told.which;
      this.titles = told.titles;
      this.heat = told.heat ? { size: told.size, values: bytes(told.heat) } : null;
      // A group that the mouse is at stays so while its points move.
      if (this.puck || !same) this.only = -1;
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.move(same && !still ? this.points : points, points, performance.now());
    },
    // Draws the points at `to`, at first at `from`.
    move(from, to, began) {
      cancelAnimationFrame(this.frame);
      const share = from === to ? 1 : Math.min(1, (performance.now() - began) / MOVE_MS);
      const mix = (a, b) => (share < 1 ? a.map((value, i) => value + (b[i] - value) * share) : b);
      this.points = { ...to };
      for (const name of ["x", "y", "depth"]) this.points[name] = mix(from[name], to[name]);
      this.draw();
      if (share < 1) this.frame = requestAnimationFrame(() => this.move(from, to, began));
    },
    // The answer to move `number` (0: to none of this tab's).
    setPosition(position, number) {
      if (number) this.moves.answered();
      // A puck that is held goes with the hand.
      if ((this.held && !this.stroke) || !this.moves.idle) return;
      this.position = position;
      this.drawAbove();
    },
    setPath(points) {
      this.path = points;
      this.drawAbove();
    },
    // Where music is that sounds, a value for each latent; null: it sounds here.
    setWay(position) {
      this.way = position;
      this.drawAbove();
    },
    setDrawing(on) {
      this.drawing = on;
    },
    highlight(group) {
      this.only = group;
      this.draw();
    },
    setThumb(told) {
      this.looks.answered();
      if (!this.hovered || this.held) return;
      const { thumb, small, caption, square } = this.$refs;
      const hits = bytes(told.hits);
      const size = Math.max(2, Math.min(7, Math.floor(132 / told.steps)));
      const tall = Math.max(2, Math.min(7, Math.floor(96 / told.voices)));
      small.width = told.steps * size;
      small.height = told.voices * tall;
      const pen = small.getContext("2d");
      const style = getComputedStyle(square);
      pen.fillStyle = style.getPropertyValue("--lt-cell");
      pen.fillRect(0, 0, small.width, small.height);
      pen.fillStyle = style.getPropertyValue("--lt-hit");
      hits.forEach((hit, i) => {
        if (!hit) return;
        const voice = told.up ? told.voices - 1 - (i % told.voices) : i % told.voices;
        pen.fillRect(Math.floor(i / told.voices) * size, voice * tall, size - 1, tall - 1);
      });
      const near = this.nearest(this.hovered);
      caption.textContent = near < 0 ? "" : (this.titles[this.points.group[near]] ?? "");
      thumb.hidden = false;
      const { clientWidth: wide, clientHeight: high } = square;
      const left = this.hovered.px + 14, top = this.hovered.py + 14;
      thumb.style.left = `${left + thumb.offsetWidth > wide ? left - thumb.offsetWidth - 28 : left}px`;
      thumb.style.top = `${top + thumb.offsetHeight > high ? top - thumb.offsetHeight - 28 : top}px`;
    },

    // -- what a hand does -------------------------------------------------------------------------

    where(event) {
      const box = this.$refs.ground.getBoundingClientRect();
      const px = event.clientX - box.left, py = event.clientY - box.top;
      const x = clip(((px - EDGE) / (box.width - 2 * EDGE)) * 2 - 1);
      const y = clip(1 - ((py - EDGE) / (box.height - 2 * EDGE)) * 2);
      return { px, py, x, y: this.puck && this.flat ? 0 : y };
    },
    down(event) {
      if (event.button || !this.position.length) return;
      this.$refs.above.setPointerCapture(event.pointerId);
      this.held = this.start = this.where(event);
      this.strayed = false;
      this.$refs.thumb.hidden = true;
      // What a gesture began as it stays, even if `drawing` changes under the hand.
      this.stroke = this.drawing ? [[this.held.x, this.held.y]] : null;
      if (this.stroke) {
        this.drawAbove();
      } else if (this.nearest(this.held) < 0) {
        this.go(this.held, true);
      }
    },
    // Browsers keep moves back until the next frame; where they also tell them at once, the server
    // has the time in between.
    raw(event) {
      if (this.held && !this.stroke) this.moved(event);
    },
    moved(event) {
      const at = this.where(event);
      if (!this.held) return this.look(at, event);
      if (at.px === this.held.px && at.py === this.held.py) return;
      this.held = at;
      const begins = !this.strayed && this.nearest(this.start) >= 0;
      this.strayed ||= Math.hypot(at.px - this.start.px, at.py - this.start.py) > 3;
      if (!this.strayed) return;
      if (this.stroke) {
        this.stroke.push([at.x, at.y]);
        this.drawAbove();
      } else {
        this.go(at, begins);
      }
    },
    up(event) {
      if (!this.held) return;
      const at = this.where(event);
      this.held = null;
      if (this.stroke) {
        if (this.stroke.length > 1 && this.strayed) this.$emit("path", this.stroke);
        this.stroke = null;
        this.drawAbove();
      } else if (!this.strayed && event.type === "pointerup") {
        const near = this.nearest(at);
        if (near >= 0) this.$emit("jump", this.which[near]);
      }
    },
    left() {
      this.hovered = null;
      this.$refs.thumb.hidden = true;
      if (!this.puck && this.only >= 0) this.highlight(-1);
      this.drawAbove();
    },
    // Without a puck: the group of the point that the mouse is at.
    point(event) {
      const at = this.where(event);
      const { thumb, caption, square } = this.$refs;
      const near = this.nearest(at, false);
      const group = near < 0 ? -1 : this.points.group[near];
      if (group !== this.only) this.highlight(group);
      thumb.hidden = group < 0;
      caption.textContent = this.titles[group] ?? "";
      thumb.style.left = `${Math.min(at.px + 14, square.clientWidth - thumb.offsetWidth)}px`;
      thumb.style.top = `${Math.min(at.py + 14, square.clientHeight - thumb.offsetHeight)}px`;
    },
    look(at, event) {
      if (event.pointerType === "touch" || !this.position.length) return;
      this.hovered = at;
      const near = this.nearest(at);
      this.looks.post({ position: this.positionOf(at), point: near < 0 ? -1 : this.which[near] });
      this.drawAbove();
    },
    key(event) {
      const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[
        event.key
      ] ?? [0, 0];
      const turn = { PageUp: 1, PageDown: -1 }[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = event.shiftKey ? FINE : STEP;
      if (turn && this.others.length) {
        event.preventDefault();
        const position = [...this.position];
        position[this.others[0]] = clip(position[this.others[0]] + turn * step);
        this.send(position, this.begins());
      } else if (dx || (dy && !this.flat)) {
        event.preventDefault();
        this.go({ x: clip(this.x + dx * step), y: clip(this.y + dy * step) }, this.begins());
      }
    },
    begins() {
      const now = performance.now(), first = now - this.gesture > GESTURE_MS;
      this.gesture = now;
      return first;
    },
    slide(axis, event) {
      const position = [...this.position];
      position[axis] = Number(event.target.value);
      this.send(position, this.begins());
    },
    positionOf(at) {
      const position = [...this.position];
      position[this.axes[0]] = at.x;
      if (!this.flat) position[this.axes[1]] = at.y;
      return position;
    },
    go(at, first) {
      this.send(this.positionOf(at), first);
    },
    send(position, first) {
      this.position = position;
      this.number += 1;
      this.$el.dataset.asked = this.number;
      this.moves.post({ position, first, number: this.number });
      this.drawAbove();
    },
    nearest(at, highlighted = true) {
      const [wide, high] = this.size().map((size) => size - 2 * EDGE);
      let best = NEAR * NEAR, found = -1;
      const { x, y, group } = this.points;
      for (let i = 0; i < x.length; i++) {
        if (highlighted && this.only >= 0 && group[i] !== this.only) continue;
        const dx = ((x[i] - at.x) / 2) * wide, dy = ((y[i] - at.y) / 2) * high;
        const far = dx * dx + dy * dy;
        if (far < best) [best, found] = [far, i];
      }
      return found;
    },

    // -- drawing ----------------------------------------------------------------------------------

    size() {
      return [this.$refs.square.clientWidth, this.$refs.square.clientHeight];
    },
    pen(canvas) {
      const [wide, high] = this.size(), fine = window.devicePixelRatio || 1;
      if (canvas.width !== Math.round(wide * fine) || canvas.height !== Math.round(high * fine)) {
        canvas.width = Math.round(wide * fine);
        canvas.height = Math.round(high * fine);
      }
      const pen = canvas.getContext("2d");
      pen.setTransform(fine, 0, 0, fine, 0, 0);
      pen.clearRect(0, 0, wide, high);
      return pen;
    },
    at(x, y) {
      const [wide, high] = this.size().map((size) => size - 2 * EDGE);
      return [EDGE + ((x + 1) / 2) * wide, EDGE + ((1 - y) / 2) * high];
    },
    draw() {
      if (!this.$refs.ground) return;
      const pen = this.pen(this.$refs.ground);
      this.style = getComputedStyle(this.$refs.square);
      this.ink = Object.fromEntries(
        ["ink", "line", "accent", "card", "hit", "muted"].map((name) => [
          name, this.style.getPropertyValue(`--lt-${name}`).trim(),
        ]),
      );
      const [wide, high] = this.size();
      if (this.heat) {
        pen.drawImage(this.heatPicture(), EDGE, EDGE, wide - 2 * EDGE, high - 2 * EDGE);
      }
      pen.strokeStyle = this.ink.line;
      pen.beginPath();
      for (const [a, b, c, d] of [[-1, 0, 1, 0], [0, -1, 0, 1]]) {
        pen.moveTo(...this.at(a, b));
        pen.lineTo(...this.at(c, d));
      }
      pen.stroke();
      const { x, y, depth, group } = this.points;
      const size = Math.min(3, Math.max(1.9, Math.sqrt(2600 / Math.max(1, x.length))));
      for (let i = 0; i < x.length; i++) {
        pen.globalAlpha = this.only < 0 || group[i] === this.only ? 0.85 : 0.08;
        const wide = this.sized ? size * 2 ** depth[i] : size;
        const [px, py] = this.at(x[i], y[i]);
        if (this.third) this.mark(pen, px, py, 0, wide, ramp(depth[i]));
        else this.mark(pen, px, py, group[i], wide);
      }
      pen.globalAlpha = 1;
      this.drawAbove();
    },
    mark(pen, px, py, group, size, colour) {
      const others = group >= COLOURS.length * SHAPES;
      pen.fillStyle = colour ?? (others ? OTHERS : COLOURS[group % COLOURS.length]);
      const shape = others ? 0 : Math.floor(group / COLOURS.length);
      pen.beginPath();
      if (shape === 0) pen.arc(px, py, size, 0, 7);
      else if (shape === 1) pen.rect(px - size + 0.5, py - size + 0.5, 2 * size - 1, 2 * size - 1);
      else {
        pen.moveTo(px, py - size - 1);
        pen.lineTo(px + size + 0.5, py + size - 0.5);
        pen.lineTo(px - size - 0.5, py + size - 0.5);
      }
      pen.fill();
    },
    // A line to where music is, and the button on it: where the hand can reach it, within the map.
    drawWay(pen, px, py) {
      const [tx, ty] = this.at(this.way[this.axes[0]] ?? 0, this.flat ? 0 : (this.way[this.axes[1]] ?? 0));
      const dx = tx - px, dy = ty - py, far = Math.hypot(dx, dy);
      pen.strokeStyle = this.ink.accent;
      pen.lineWidth = 2;
      pen.setLineDash([5, 5]);
      pen.beginPath();
      pen.moveTo(px, py);
      pen.lineTo(tx, ty);
      pen.stroke();
      pen.setLineDash([]);
      pen.beginPath();
      pen.arc(tx, ty, 5, 0, 7);
      pen.stroke();
      // Straight above it, in other latents: the button stands beside the puck.
      const share = far > 1 ? Math.max(WAY_FROM_PUCK, far / 2) / far : 0;
      const [wide, high] = this.size();
      const keep = (value, size) => Math.min(size - 18, Math.max(18, value));
      this.arrow = {
        left: `${keep(far > 1 ? px + dx * share : px + WAY_FROM_PUCK, wide)}px`,
        top: `${keep(far > 1 ? py + dy * share : py, high)}px`,
        transform: `translate(-50%, -50%) rotate(${far > 1 ? Math.atan2(dy, dx) : 0}rad)`,
      };
    },
    heatPicture() {
      const { size, values } = this.heat;
      const canvas = new OffscreenCanvas(size, size);
      const pen = canvas.getContext("2d");
      const picture = pen.createImageData(size, size);
      const dark = document.body.classList.contains("body--dark");
      const [r, g, b] = dark ? [53, 194, 184] : [11, 122, 117];
      values.forEach((value, i) => picture.data.set([r, g, b, value * 0.42], 4 * i));
      pen.putImageData(picture, 0, 0);
      return canvas;
    },
    drawAbove() {
      if (!this.$refs.above || !this.ink) return;
      const pen = this.pen(this.$refs.above);
      const line = this.stroke ?? this.path;
      if (line.length) {
        pen.lineWidth = 2.5;
        pen.lineJoin = pen.lineCap = "round";
        pen.strokeStyle = this.ink.accent;
        pen.setLineDash(this.stroke ? [4, 5] : []);
        pen.beginPath();
        line.forEach(([x, y], i) => pen[i ? "lineTo" : "moveTo"](...this.at(x, y)));
        pen.stroke();
        pen.setLineDash([]);
        const [px, py] = this.at(...line[0]);
        pen.fillStyle = this.ink.card;
        pen.beginPath();
        pen.arc(px, py, 4.5, 0, 7);
        pen.fill();
        pen.stroke();
      }
      if (this.hovered && !this.held) {
        const near = this.nearest(this.hovered);
        if (near >= 0) {
          pen.strokeStyle = this.ink.ink;
          pen.lineWidth = 1.5;
          pen.beginPath();
          pen.arc(...this.at(this.points.x[near], this.points.y[near]), 6, 0, 7);
          pen.stroke();
        }
      }
      if (!this.position.length) return;
      const [px, py] = this.at(this.x, this.y);
      if (this.way) this.drawWay(pen, px, py);
      pen.beginPath();
      pen.arc(px, py, 10, 0, 7);
      pen.globalAlpha = 0.35;
      pen.fillStyle = this.ink.card;
      pen.fill();
      pen.globalAlpha = 1;
      for (const [colour, width] of [[this.ink.card, 6], [this.ink.ink, 2.5]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = width;
        pen.stroke();
      }
      pen.fillStyle = this.ink.ink;
      pen.beginPath();
      pen.arc(px, py, 2.5, 0, 7);
      pen.fill();
    },
  },
};
