// Curves over the epochs, with one scale on the left and, if need be, another on the right. They
// can be read with the pointer, and with the arrow keys.
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#b8a800", "#7f7f7f"];
const TOP = 10, BOTTOM = 30, SIDE = 50, BARE = 24;

const shortly = (value) =>
  value === 0 ? "0" : Math.abs(value) >= 100 ? value.toFixed(0) : String(+value.toPrecision(3));

// Round numbers that divide a range into about so many parts.
function ticks(low, high, wanted) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? 10 * power;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step / 1e6; value += step) found.push(value);
  return found;
}

export default {
  template: `
    <div class="lt-train-curves">
      <div class="lt-train-legend" aria-hidden="true">
        <span v-for="(one, i) in series" :key="i">
          <i :style="{ borderTopColor: colour(one, i), borderTopStyle: one.right ? 'dashed' : 'solid' }"></i>
          {{ one.name }}</span>
      </div>
      <div class="lt-train-plot" ref="plot">
        <canvas ref="canvas" tabindex="0" role="img" :aria-label="label" @keydown="key"
          @pointermove="point" @pointerdown="point" @pointerleave="at = null" @blur="at = null"></canvas>
      </div>
      <div class="lt-train-reading" aria-live="polite">{{ reading }}</div>
    </div>`,
  props: { series: Array, left: String, right: String, mark: Number, label: String },
  data() {
    return { at: null, dark: 0 };
  },
  computed: {
    most() {
      return Math.max(2, ...this.series.map((one) => one.x[one.x.length - 1] ?? 0));
    },
    reading() {
      if (this.at === null) return "";
      const parts = this.series.map((one) => {
        const i = this.nearest(one);
        return i < 0 ? "" : `${one.name} ${shortly(one.y[i])}`;
      });
      return `Epoch ${Math.round(this.at).toLocaleString("en-GB")}: ${parts.filter(Boolean).join(", ")}`;
    },
  },
  watch: {
    series() { this.later(); },
    mark() { this.later(); },
    at() { this.later(); },
  },
  mounted() {
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.$refs.plot);
    this.theme = new MutationObserver(() => { this.dark += 1; this.draw(); });
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  },
  unmounted() {
    this.sizes.disconnect();
    this.theme.disconnect();
    cancelAnimationFrame(this.frame);
  },
  methods: {
    css(name) {
      return getComputedStyle(document.body).getPropertyValue(name).trim();
    },
    colour(one, i) {
      this.dark; // the colours of the theme are read again when it has changed
      return one.colour ? this.css(one.colour) : COLOURS[i % COLOURS.length];
    },
    nearest(one) {
      let best = -1;
      for (let i = 0; i < one.x.length; i++)
        if (best < 0 || Math.abs(one.x[i] - this.at) < Math.abs(one.x[best] - this.at)) best = i;
      return best;
    },
    later() {
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => this.draw());
    },
    // The first epochs are far above all that is interesting.
    range(right) {
      const values = [];
      for (const one of this.series)
        if (!!one.right === right) {
          const tail = one.y.filter((_, i) => one.x[i] > this.most / 10);
          values.push(...(tail.length > 1 ? tail : one.y).filter(Number.isFinite));
        }
      if (!values.length) return null;
      const low = Math.min(...values), high = Math.max(...values);
      const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
      return [low - room, high + room];
    },
    point(event) {
      const box = this.$refs.canvas.getBoundingClientRect();
      const end = this.range(true) ? SIDE : BARE;
      const share = (event.clientX - box.left - SIDE) / (box.width - SIDE - end);
      this.at = Math.min(this.most, Math.max(1, 1 + share * (this.most - 1)));
    },
    key(event) {
      const step = (event.shiftKey ? 0.1 : 0.01) * this.most;
      const by = { ArrowLeft: -step, ArrowRight: step, Home: -Infinity, End: Infinity }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      this.at = Math.min(this.most, Math.max(1, (this.at ?? this.most) + by));
    },
    draw() {
      const { canvas, plot } = this.$refs;
      if (!plot) return;
      const width = plot.clientWidth, height = plot.clientHeight, dense = window.devicePixelRatio || 1;
      if (!width || !height) return;
      canvas.width = width * dense;
      canvas.height = height * dense;
      const pen = canvas.getContext("2d");
      pen.scale(dense, dense);
      pen.font = "12px system-ui, sans-serif";
      const left = this.range(false), right = this.range(true);
      const x0 = SIDE, x1 = width - (right ? SIDE : BARE), y0 = height - BOTTOM, y1 = TOP;
      const along = (epoch) => x0 + ((epoch - 1) / (this.most - 1)) * (x1 - x0);
      const up = (value, [low, high]) => y0 - ((value - low) / (high - low)) * (y0 - y1);
      const muted = this.css("--lt-muted"), line = this.css("--lt-line");
      pen.lineWidth = 1;
      pen.strokeStyle = line;
      pen.strokeRect(x0, y1, x1 - x0, y0 - y1);
      pen.fillStyle = muted;
      pen.textBaseline = "middle";
      for (const [range, x, align, rule] of [[left, x0 - 6, "right", true], [right, x1 + 6, "left", false]]) {
        if (!range) continue;
        pen.textAlign = align;
        for (const value of ticks(...range, 4)) {
          const y = Math.round(up(value, range)) + 0.5;
          if (rule) {
            pen.beginPath();
            pen.moveTo(x0, y);
            pen.lineTo(x1, y);
            pen.stroke();
          }
          pen.fillText(shortly(value), x, y);
        }
      }
      pen.textAlign = "center";
      pen.textBaseline = "top";
      for (const epoch of ticks(1, this.most, 5))
        if (Number.isInteger(epoch)) pen.fillText(epoch.toLocaleString("en-GB"), along(epoch), y0 + 5);
      pen.textAlign = "left";
      if (this.series.length) pen.fillText("epoch", x0, y0 + 18);
      pen.save();
      pen.beginPath();
      pen.rect(x0, y1, x1 - x0, y0 - y1);
      pen.clip();
      this.series.forEach((one, i) => {
        const range = one.right ? right : left;
        if (!range) return;
        pen.strokeStyle = this.colour(one, i);
        pen.lineWidth = 1.8;
        pen.setLineDash(one.right ? [5, 3] : []);
        pen.beginPath();
        one.x.forEach((epoch, k) => pen[k ? "lineTo" : "moveTo"](along(epoch), up(one.y[k], range)));
        pen.stroke();
      });
      pen.lineWidth = 1;
      if (this.mark) {
        pen.strokeStyle = muted;
        pen.setLineDash([2, 3]);
        pen.beginPath();
        pen.moveTo(along(this.mark), y1);
        pen.lineTo(along(this.mark), y0);
        pen.stroke();
      }
      if (this.at !== null) {
        pen.setLineDash([]);
        pen.strokeStyle = this.css("--lt-ink");
        pen.beginPath();
        pen.moveTo(along(this.at), y1);
        pen.lineTo(along(this.at), y0);
        pen.stroke();
      }
      pen.restore();
    },
  },
};
