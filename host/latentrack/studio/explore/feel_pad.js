// The feel pad: a puck for how hard and how late the hits are played. It shows what the server tells
// it; what a hand does is told to the server. A feel of one latent has a pad of one axis.
import { OneInFlight } from "one_in_flight";

const STEP = 0.05, FINE = 0.005;
const GESTURE_MS = 900; // keys that follow each other sooner are one move for undo
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const clip = (value) => Math.min(1, Math.max(-1, value));
const said = (value) => (Math.abs(value) < 0.005 ? 0 : value).toFixed(2).replace("-", "−");

export default {
  props: { latents: Number },
  template: `
    <div class="lt-explore-pad" :class="{ 'lt-explore-flat': flat }" tabindex="0" role="slider"
      aria-label="Feel: how loud and how late" aria-roledescription="two-dimensional slider"
      aria-valuemin="-1" aria-valuemax="1" :aria-valuenow="x.toFixed(2)" :aria-valuetext="words"
      title="Drag, or use the arrow keys (with Shift: small steps). Home is the middle."
      @pointerdown="down" @pointermove="moved" @pointerup="up" @pointercancel="up" @keydown="key"
      @blur="gesture = -Infinity">
      <span class="lt-explore-axis lt-explore-axis-x" aria-hidden="true">louder →</span>
      <span v-if="!flat" class="lt-explore-axis lt-explore-axis-y" aria-hidden="true">later →</span>
      <i :style="place"></i>
    </div>`,
  data() {
    return { values: Array(this.latents).fill(0), gesture: -Infinity };
  },
  computed: {
    flat() {
      return this.latents < 2;
    },
    x() {
      return this.values[0];
    },
    words() {
      return `louder ${said(this.x)}${this.flat ? "" : `, later ${said(this.values[1])}`}`;
    },
    place() {
      const up = this.flat ? 0 : this.values[1];
      return { left: `${50 * (1 + this.x)}%`, top: `${50 * (1 - up)}%` };
    },
  },
  created() {
    this.moves = new OneInFlight((message) => this.$emit("move", message));
  },
  mounted() {
    this.$emit("ready");
  },
  methods: {
    // answer: to the last move that was sent.
    setValues(values, answer) {
      if (answer) this.moves.answered();
      // A puck that is held goes with the hand.
      if (!this.held && this.moves.idle) this.values = values;
    },
    go(x, y, first) {
      this.values = this.flat ? [clip(x)] : [clip(x), clip(y)];
      this.moves.post({ values: this.values, first });
    },
    goTo(event, first) {
      const box = this.$el.getBoundingClientRect();
      const across = (event.clientX - box.left - this.$el.clientLeft) / this.$el.clientWidth;
      const down = (event.clientY - box.top - this.$el.clientTop) / this.$el.clientHeight;
      this.go(2 * across - 1, 1 - 2 * down, first);
    },
    down(event) {
      if (event.button) return;
      this.$el.setPointerCapture(event.pointerId);
      this.held = true;
      this.goTo(event, true);
    },
    moved(event) {
      if (this.held) this.goTo(event, false);
    },
    up() {
      this.held = false;
    },
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const move = MOVES[event.key];
      const home = event.key === "Home";
      if (!home && (!move || (this.flat && move[1]))) return;
      event.preventDefault();
      const now = performance.now(), first = now - this.gesture > GESTURE_MS;
      this.gesture = now;
      const step = event.shiftKey ? FINE : STEP;
      if (home) this.go(0, 0, first);
      else this.go(this.x + move[0] * step, (this.values[1] ?? 0) + move[1] * step, first);
    },
  },
};
