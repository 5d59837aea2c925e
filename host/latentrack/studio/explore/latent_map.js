// The map of the latent space: where the music lies, the puck, paths, and sliders for the latents
// that are not its axes. It draws what the server tells it; what a hand does is told to the server.
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
const KNOBS = ["X", "Y", "Z"];
const GESTURE_MS = 900; // keys that follow each other sooner are one move for undo

const knob = (axis) => KNOBS[axis] ?? `${axis + 1}`;
const clip = (value) => Math.min(1, Math.max(-1, value));
const said = (value) => (Math.abs(value) < 0.005 ? 0 : value).toFixed(2).replace("-", "−");

export default {
  template: `
    <div class="lt-explore-map">
      <div class="lt-explore-square" ref="square">
        <canvas ref="ground" aria-hidden="true"></canvas>
        <canvas ref="above" tabindex="0" role="slider" aria-label="Puck on the map of the latent space"
          aria-roledescription="two-dimensional slider" aria-valuemin="-1" aria-valuemax="1"
          :aria-valuenow="x.toFixed(2)" :aria-valuetext="words" aria-describedby="lt-explore-keys"
          @pointerdown="down" @pointermove="moved" @pointerrawupdate="raw" @pointerup="up" @pointercancel="up"
          @pointerleave="left" @keydown="key" @blur="gesture = 0"></canvas>
        <div class="lt-explore-thumb" ref="thumb" hidden aria-hidden="true">
          <canvas ref="small"></canvas><span ref="caption"></span>
        </div>
        <span class="lt-explore-axis lt-explore-axis-x" aria-hidden="true">{{ name(axes[0]) }} →</span>
        <span class="lt-explore-axis lt-explore-axis-y" aria-hidden="true">{{ name(axes[1]) }} →</span>
      </div>
      <span id="lt-explore-keys" class="lt-explore-hidden">Arrow keys move the puck, with Shift by small
        steps. Page up and page down move the first slider below.</span>
      <label v-for="axis in others" :key="axis" class="lt-explore-range">
        <span>{{ name(axis) }}</span>
        <input type="range" min="-1" max="1" step="0.01" :aria-label="name(axis)"
          :value="place[axis]" @pointerdown="gesture = 0" @input="slide(axis, $event)">
        <output>{{ said(place[axis]) }}</output>
      </label>
    </div>`,
  data() {
    return { place: [], axes: [0, 1], drawing: false, gesture: 0 };
  },
  computed: {
    x() {
      return this.place[this.axes[0]] ?? 0;
    },
    y() {
      return this.place[this.axes[1]] ?? 0;
    },
    others() {
      return this.place.map((_, axis) => axis).filter((axis) => !this.axes.includes(axis));
    },
    words() {
      const [a, b] = this.axes;
      const second = this.flat ? "" : `, ${knob(b)} ${said(this.y)}`;
      return `${knob(a)} ${said(this.x)}${second}`;
    },
    flat() {
      return this.place.length < 2;
    },
  },
  created() {
    this.points = { x: [], y: [], group: [] };
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
    window.addEventListener("keydown", this.keys);
    this.$emit("ready");
  },
  unmounted() {
    this.watcher.disconnect();
    this.theme.disconnect();
    window.removeEventListener("keydown", this.keys);
  },
  methods: {
    said,
    name(axis) {
      return axis < 3 ? knob(axis) : `Latent ${axis + 1}`;
    },

    // -- what the server says ---------------------------------------------------------------------

    setPoints(told) {
      const places = new Int8Array(bytes(told.places).buffer);
      const groups = bytes(told.groups);
      const count = groups.length;
      this.axes = told.axes;
      this.points = { x: new Float32Array(count), y: new Float32Array(count), group: groups };
      for (let i = 0; i < count; i++) {
        this.points.x[i] = places[2 * i] / 127;
        this.points.y[i] = places[2 * i + 1] / 127;
      }
      this.which = told.which;
      this.titles = told.titles;
      this.heat = told.heat ? { size: told.size, values: bytes(told.heat) } : null;
      this.only = -1;
      this.draw();
    },
    // The answer to move `number` (0: to none of this tab's).
    setPlace(place, number) {
      if (number) this.moves.answered();
      // A puck that is held goes with the hand.
      if ((this.held && !this.drawing) || !this.moves.idle) return;
      this.place = place;
      this.drawAbove();
    },
    setPath(points) {
      this.path = points;
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
      const box = this.$refs.above.getBoundingClientRect();
      const px = event.clientX - box.left, py = event.clientY - box.top;
      const x = clip(((px - EDGE) / (box.width - 2 * EDGE)) * 2 - 1);
      const y = clip(1 - ((py - EDGE) / (box.height - 2 * EDGE)) * 2);
      return { px, py, x, y: this.flat ? 0 : y };
    },
    down(event) {
      if (event.button || !this.place.length) return;
      this.$refs.above.setPointerCapture(event.pointerId);
      this.held = this.start = this.where(event);
      this.strayed = false;
      this.$refs.thumb.hidden = true;
      if (this.drawing) {
        this.stroke = [[this.held.x, this.held.y]];
        this.drawAbove();
      } else if (this.nearest(this.held) < 0) {
        this.go(this.held, true);
      }
    },
    // Browsers keep moves back until the next frame; where they also tell them at once, the server
    // has the time in between.
    raw(event) {
      if (this.held && !this.drawing) this.moved(event);
    },
    moved(event) {
      const at = this.where(event);
      if (!this.held) return this.look(at, event);
      if (at.px === this.held.px && at.py === this.held.py) return;
      this.held = at;
      const begins = !this.strayed && this.nearest(this.start) >= 0;
      this.strayed ||= Math.hypot(at.px - this.start.px, at.py - this.start.py) > 3;
      if (!this.strayed) return;
      if (this.drawing) {
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
      if (this.drawing) {
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
      this.drawAbove();
    },
    look(at, event) {
      if (event.pointerType === "touch" || !this.place.length) return;
      this.hovered = at;
      const near = this.nearest(at);
      this.looks.post({ place: this.placeOf(at), point: near < 0 ? -1 : this.which[near] });
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
        const place = [...this.place];
        place[this.others[0]] = clip(place[this.others[0]] + turn * step);
        this.send(place, this.begins());
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
      const place = [...this.place];
      place[axis] = Number(event.target.value);
      this.send(place, this.begins());
    },
    placeOf(at) {
      const place = [...this.place];
      place[this.axes[0]] = at.x;
      if (!this.flat) place[this.axes[1]] = at.y;
      return place;
    },
    go(at, first) {
      this.send(this.placeOf(at), first);
    },
    send(place, first) {
      this.place = place;
      this.number += 1;
      this.$el.dataset.asked = this.number;
      this.moves.post({ place, first, number: this.number });
      this.drawAbove();
    },
    nearest(at) {
      const [wide, high] = this.size().map((size) => size - 2 * EDGE);
      let best = NEAR * NEAR, found = -1;
      const { x, y, group } = this.points;
      for (let i = 0; i < x.length; i++) {
        if (this.only >= 0 && group[i] !== this.only) continue;
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
      const { x, y, group } = this.points;
      for (let i = 0; i < x.length; i++) {
        pen.globalAlpha = this.only < 0 || group[i] === this.only ? 0.85 : 0.08;
        this.mark(pen, ...this.at(x[i], y[i]), group[i], 3);
      }
      pen.globalAlpha = 1;
      this.drawAbove();
    },
    mark(pen, px, py, group, size) {
      const others = group >= COLOURS.length * SHAPES;
      pen.fillStyle = others ? OTHERS : COLOURS[group % COLOURS.length];
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
      if (!this.place.length) return;
      const [px, py] = this.at(this.x, this.y);
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
