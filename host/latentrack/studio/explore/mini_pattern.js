// A small picture of a pattern: a rectangle for each hit, an outline where it differs.
import { bytes } from "one_in_flight";

const WIDE = 6, HIGH = 5;

export default {
  // hits, marks: a byte for each cell, voice fastest, as base64; marks may be "".  up: the first
  // voice is the lowest row.
  props: { hits: String, marks: String, steps: Number, voices: Number, up: Boolean, label: String },
  template: `
    <svg class="lt-explore-mini" role="img" :aria-label="label" preserveAspectRatio="none"
      :viewBox="box">
      <rect v-for="cell in cells" :key="cell.at" :class="cell.kind" :x="cell.x" :y="cell.y"
        :width="wide" :height="high" :opacity="cell.loud" />
    </svg>`,
  data: () => ({ wide: WIDE - 1, high: HIGH - 1 }),
  computed: {
    box() {
      return `0 0 ${this.steps * WIDE} ${this.voices * HIGH}`;
    },
    cells() {
      const hits = bytes(this.hits), marks = this.marks ? bytes(this.marks) : null;
      const found = [];
      hits.forEach((hit, at) => {
        const differs = marks && marks[at];
        if (!hit && !differs) return;
        const voice = at % this.voices, row = this.up ? this.voices - 1 - voice : voice;
        const kind = differs ? (hit ? "more" : "less") : "hit";
        const loud = differs ? 1 : 0.4 + (0.6 * hit) / 127;
        found.push({ at, kind, loud, x: Math.floor(at / this.voices) * WIDE, y: row * HIGH });
      });
      return found;
    },
  },
};
