// The music's places in the first two latents. When they are told anew the dots move there.
// Okabe and Ito 2008, which people of all kinds of colour vision tell apart; with three shapes.
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#b8a800", "#7f7f7f"];
const SHAPES = ["●", "■", "▲"];
const OTHER = "#9a9a9a";
const WAY_MS = 300;
const EDGE = 20;

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

// From blue over white-grey to orange, by latent 3.
function ramp(value) {
  const t = (value + 1) / 2;
  const mix = (a, b, s) => a.map((c, i) => Math.round(c + (b[i] - c) * s));
  const low = [0, 94, 178], middle = [150, 150, 150], high = [224, 110, 0];
  return `rgb(${t < 0.5 ? mix(low, middle, 2 * t) : mix(middle, high, 2 * t - 1)})`;
}

export default {
  template: `
    <div class="lt-train-map">
      <div class="lt-train-plot" ref="plot">
        <canvas ref="canvas" role="img" :aria-label="label" @pointermove="point" @pointerleave="over = -1"></canvas>
      </div>
      <div class="lt-train-legend" v-if="third">
        <span>latent 3:</span><span>−1</span><i class="lt-train-ramp"></i><span>+1</span>
      </div>
      <div class="lt-train-legend" v-else>
        <span v-for="(name, i) in names" :key="i" :class="{ 'lt-train-over': i === over }">
          <b :style="{ color: colour(i) }">{{ shape(i) }}</b>{{ name }}</span>
      </div>
    </div>`,
  props: { places: String, latents: Number, names: Array, groups: String, third: Boolean, sized: Boolean, label: String },
  data() {
    return { over: -1 };
  },
  watch: {
    places() { this.take(); },
    groups() { this.take(); },
    third() { this.draw(); },
    sized() { this.draw(); },
    over() { this.draw(); },
  },
  created() {
    this.now = new Float32Array(0);
  },
  mounted() {
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.$refs.plot);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.take();
  },
  unmounted() {
    this.sizes.disconnect();
    this.theme.disconnect();
    cancelAnimationFrame(this.frame);
  },
  methods: {
    take() {
      const whole = new Int16Array(bytes(this.places || "").buffer);
      this.group = bytes(this.groups || "");
      this.goal = Float32Array.from(whole, (value) => value / 32767);
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (still || this.now.length !== this.goal.length) {
        this.now = this.goal;
        this.draw();
        return;
      }
      this.from = this.now.slice();
      this.began = performance.now();
      cancelAnimationFrame(this.frame);
      this.move();
    },
    move() {
      const share = Math.min(1, (performance.now() - this.began) / WAY_MS);
      this.now = this.from.map((value, i) => value + (this.goal[i] - value) * share);
      this.draw();
      if (share < 1) this.frame = requestAnimationFrame(() => this.move());
    },
    colour(group) {
      return group < SHAPES.length * COLOURS.length ? COLOURS[group % COLOURS.length] : OTHER;
    },
    shape(group) {
      return SHAPES[Math.floor(group / COLOURS.length)] ?? SHAPES[0];
    },
    // Of one latent only: spread upwards, so that dots do not hide each other.
    upwards(i) {
      if (this.latents > 1) return this.now[i * this.latents + 1];
      return ((i * 0.618034) % 1) - 0.5;
    },
    spot(i) {
      const x = this.left + ((this.now[i * this.latents] + 1) / 2) * this.side;
      return [x, this.top + ((1 - this.upwards(i)) / 2) * this.side];
    },
    count() {
      return this.latents ? this.now.length / this.latents : 0;
    },
    point(event) {
      const box = this.$refs.canvas.getBoundingClientRect();
      const x = event.clientX - box.left, y = event.clientY - box.top;
      let best = -1, near = 100;
      for (let i = 0; i < this.count(); i++) {
        const [a, b] = this.spot(i);
        const far = (a - x) ** 2 + (b - y) ** 2;
        if (far < near) [best, near] = [i, far];
      }
      this.over = best < 0 || !this.group.length ? -1 : this.group[best];
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
      const style = getComputedStyle(document.body);
      this.side = Math.min(width, height) - 2 * EDGE;
      this.left = (width - this.side) / 2;
      this.top = (height - this.side) / 2;
      const { left, top, side } = this;
      pen.strokeStyle = style.getPropertyValue("--lt-line");
      pen.strokeRect(left - 5, top - 5, side + 10, side + 10);
      pen.beginPath();
      pen.moveTo(left + side / 2, top - 5);
      pen.lineTo(left + side / 2, top + side + 5);
      pen.moveTo(left - 5, top + side / 2);
      pen.lineTo(left + side + 5, top + side / 2);
      pen.stroke();
      const count = this.count();
      pen.font = "12px system-ui, sans-serif";
      pen.fillStyle = style.getPropertyValue("--lt-muted");
      pen.textAlign = "right";
      pen.textBaseline = "top";
      if (count) {
        pen.fillText("latent 1 →", left + side + 5, top + side + 7);
        if (this.latents > 1) {
          pen.save();
          pen.translate(left - 8, top - 5);
          pen.rotate(-Math.PI / 2);
          pen.textBaseline = "bottom";
          pen.fillText("latent 2 →", 0, 0);
          pen.restore();
        }
      }
      const size = Math.min(5, Math.max(1.9, Math.sqrt(2600 / Math.max(1, count))));
      const plain = style.getPropertyValue("--lt-hit");
      for (let i = 0; i < count; i++) {
        const [x, y] = this.spot(i);
        const depth = this.latents > 2 ? this.now[i * this.latents + 2] : 0;
        const group = this.group.length ? this.group[i] : -1;
        pen.globalAlpha = this.over >= 0 && group !== this.over ? 0.12 : 0.8;
        pen.fillStyle = this.third ? ramp(depth) : group < 0 ? plain : this.colour(group);
        const wide = this.sized ? size * 2 ** depth : size;
        const shape = group < 0 || this.third ? SHAPES[0] : this.shape(group);
        pen.beginPath();
        if (shape === SHAPES[0]) pen.arc(x, y, wide, 0, 7);
        else if (shape === SHAPES[1]) pen.rect(x - wide * 0.9, y - wide * 0.9, wide * 1.8, wide * 1.8);
        else {
          pen.moveTo(x, y - wide * 1.2);
          pen.lineTo(x + wide * 1.1, y + wide * 0.8);
          pen.lineTo(x - wide * 1.1, y + wide * 0.8);
        }
        pen.fill();
      }
      pen.globalAlpha = 1;
    },
  },
};
