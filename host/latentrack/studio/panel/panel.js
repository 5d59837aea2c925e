// The front panel of the module, played with the mouse, by touch, and with keys.
//
// It asks what the panel shows, again and again while it can be seen; the next question waits for
// the answer to the one before.

const LISTED = new Intl.ListFormat("en-GB");
const ASK_AGAIN = 60; // ms after an answer; nobody sees more
const ASK_IDLE = 500;
const NO_ANSWER = 3000;
const WAY = 160; // pixels of dragging from one end of a knob to the other
const CLICK = 14; // pixels of dragging from one click of an encoder to the next
const OWN_WORD = 400; // ms in which a knob shows what was done here
const SWEEP = 270; // degrees

const KNOBS = [
  { name: "x", title: "X" },
  { name: "y", title: "Y" },
  { name: "z", title: "Z" },
  { name: "threshold", title: "Threshold" },
];
const BUTTONS = [
  { number: 1, title: "Pause" },
  { number: 2, title: "Reset" },
  { number: 3, title: "Decode" },
  { number: 4, title: "Freeze" },
];
const TRIGGERS = [
  { name: "clock", title: "Clock" },
  { name: "reset", title: "Reset" },
  { name: "trigger_3", title: "Trig 3" },
  { name: "trigger_4", title: "Trig 4" },
];
const CV = ["x", "y", "z", "threshold", "5", "6", "7", "8"];
const SHAPES = ["constant", "sine", "triangle", "square", "random"];

export default {
  props: { hosted: Boolean, connected: Boolean, sources: Object },
  template: `
    <div class="lt-panel-plate" role="group" aria-label="The panel of the module"
      :class="{ dead: !connected }" :data-edges="edges" :data-step="step" :data-number="number">
      <div class="lt-panel-top">
        <div v-for="side in ['left', 'right']" :key="side" class="lt-panel-encoder"
          :style="{ order: side === 'left' ? 0 : 2 }">
          <div class="lt-panel-ring" role="spinbutton" tabindex="0"
            :aria-label="name(side) + ' encoder'" :aria-valuenow="clicks[side]"
            :aria-valuetext="'turned by ' + clicks[side] + ' clicks'"
            :title="name(side) + ' encoder: drag, roll the wheel, or arrow keys; Enter pushes'"
            @pointerdown.prevent="grip($event, side)" @pointermove="roll($event, side)"
            @pointerup="grasped = null" @pointercancel="grasped = null"
            @wheel.prevent="encode(side, $event.deltaY < 0 ? 1 : -1)"
            @keydown="encoderKey($event, side)" @keyup="encoderUp($event, side)">
            <svg viewBox="-50 -50 100 100" aria-hidden="true">
              <circle r="46" class="lt-panel-skirt" />
              <path v-for="i in 24" :key="i" d="M0 -46v6" class="lt-panel-notch"
                :transform="'rotate(' + (i * 15 + clicks[side] * 15) + ')'" />
            </svg>
          </div>
          <button type="button" class="lt-panel-cap" :class="{ down: down[side] }"
            :aria-label="'Push the ' + side + ' encoder'"
            @pointerdown.prevent="press($event, side)" @pointerup="release(side)"
            @pointercancel="release(side)" @keydown="pressKey($event, side)"
            @keyup="releaseKey($event, side)" @blur="release(side)" @contextmenu.prevent></button>
          <span class="lt-panel-name">{{ side === "left" ? "W · page" : "value" }}</span>
        </div>
        <canvas ref="screen" width="160" height="80" class="lt-panel-screen" role="img"
          :aria-label="words"></canvas>
      </div>
      <div class="lt-panel-row lt-panel-knobs">
        <div v-for="knob in knobs" :key="knob.name" class="lt-panel-place">
          <div class="lt-panel-knob" role="slider" tabindex="0" :aria-label="'Knob ' + knob.title"
            aria-valuemin="0" aria-valuemax="100" :aria-valuenow="percent(knob.name)"
            :aria-valuetext="percent(knob.name) + ' %' + (waits(knob.name) ? ', waits' : '')"
            :class="{ waits: waits(knob.name) }"
            :title="knob.title + ': drag up and down, roll the wheel, or arrow keys; with Shift fine'"
            @pointerdown.prevent="grasp($event, knob.name)"
            @pointermove="drag($event, knob.name)" @pointerup="grasped = null"
            @pointercancel="grasped = null" @dblclick="turn(knob.name, 0.5)"
            @wheel.prevent="wheel($event, knob.name)" @keydown="knobKey($event, knob.name)">
            <svg viewBox="-50 -50 100 100" aria-hidden="true">
              <path d="M-33.9 33.9A48 48 0 1 1 33.9 33.9" class="lt-panel-scale" />
              <circle r="40" class="lt-panel-skirt" />
              <circle r="31" class="lt-panel-top-of-knob" />
              <path d="M0 -38V-14" class="lt-panel-pointer"
                :transform="'rotate(' + angle(knob.name) + ')'" />
            </svg>
          </div>
          <span class="lt-panel-name">{{ knob.title }}</span>
        </div>
      </div>
      <div class="lt-panel-row lt-panel-buttons">
        <div v-for="button in buttons" :key="button.number" class="lt-panel-place">
          <button type="button" class="lt-panel-button" :data-lit="lamps[button.number - 1] ? 1 : 0"
            :class="{ lit: lamps[button.number - 1], down: down[button.number] }"
            :aria-label="'Button ' + button.number + ', ' + button.title.toLowerCase() +
              (lamps[button.number - 1] ? ', lit' : '')"
            :title="button.title + ': hold it for a second for its other use'"
            @pointerdown.prevent="press($event, button.number)"
            @pointerup="release(button.number)" @pointercancel="release(button.number)"
            @keydown="pressKey($event, button.number)" @keyup="releaseKey($event, button.number)"
            @blur="release(button.number)" @contextmenu.prevent></button>
          <span class="lt-panel-name">{{ button.title }}</span>
        </div>
      </div>
      <div class="lt-panel-row lt-panel-jacks">
        <div v-for="jack in triggers" :key="jack.name" class="lt-panel-place">
          <button type="button" class="lt-panel-jack" :disabled="!hosted && jack.name === 'clock'"
            :aria-label="'Input ' + jack.title + ': one edge'"
            :title="!hosted && jack.name === 'clock' ? 'Its clock comes by cable' :
              'One edge at ' + jack.title" @click="$emit('pulse', jack.name)"><i></i></button>
          <span class="lt-panel-name">{{ jack.title }}</span>
        </div>
        <div v-for="jack in cvJacks" :key="'cv' + jack" class="lt-panel-place">
          <button type="button" class="lt-panel-jack" :disabled="!hosted"
            :class="{ patched: patched(jack), chosen: hosted && chosen === jack }"
            :aria-label="'CV ' + short(jack) + ', ' + volts(cv[jack])"
            :aria-expanded="hosted ? (chosen === jack ? 'true' : 'false') : null"
            :title="hosted ? 'CV ' + short(jack) + ': patch a voltage into it' : 'CV ' + short(jack)"
            @click="chosen = chosen === jack ? '' : jack"><i></i></button>
          <span class="lt-panel-name">CV {{ short(jack) }}</span>
        </div>
      </div>
      <div v-if="hosted && chosen" class="lt-panel-patch" role="group"
        :aria-label="'What goes into CV ' + short(chosen)">
        <b>CV {{ short(chosen) }}</b>
        <label><span>Source</span><select :value="source.shape"
          @change="patch({ shape: $event.target.value })">
          <option v-for="shape in shapes" :key="shape">{{ shape }}</option></select></label>
        <label><span>Volts</span><input type="range" min="-5" max="5" step="0.1"
          :value="source.volts" :aria-valuetext="volts(source.volts)"
          @input="patch({ volts: +$event.target.value })"></label>
        <template v-if="source.shape !== 'constant'">
          <label><span>Depth</span><input type="range" min="0" max="5" step="0.1"
            :value="source.depth" :aria-valuetext="volts(source.depth)"
            @input="patch({ depth: +$event.target.value })"></label>
          <label><span>Rate</span><input type="range" min="-4.4" max="2.4" step="0.1"
            :value="Math.log2(source.hertz)" :aria-valuetext="source.hertz.toFixed(2) + ' Hz'"
            @input="patch({ hertz: 2 ** +$event.target.value })"></label>
        </template>
        <output>{{ volts(cv[chosen]) }}</output>
        <button type="button" class="lt-panel-unplug" @click="unplug">Unplug</button>
      </div>
      <div class="lt-panel-row lt-panel-outs">
        <div v-for="i in 8" :key="i" class="lt-panel-place">
          <span class="lt-panel-light" :class="{ lit: lights[i - 1] }"
            :data-lit="lights[i - 1] ? 1 : 0" role="img"
            :aria-label="'Output ' + i + (lights[i - 1] ? ', gate' : '') + level(i - 1)"></span>
          <span class="lt-panel-jack out" aria-hidden="true"><i></i></span>
          <span class="lt-panel-name">{{ i }}{{ level(i - 1) }}</span>
        </div>
      </div>
    </div>`,
  data() {
    return {
      knobs: KNOBS,
      buttons: BUTTONS,
      triggers: TRIGGERS,
      cvJacks: CV,
      shapes: SHAPES,
      positions: { x: 0.5, y: 0.5, z: 0.5, threshold: 0.5 },
      waiting: [],
      lamps: [false, false, false, false],
      lights: Array(8).fill(false),
      levels: Array(8).fill(null),
      cv: {},
      plays: [],
      edges: 0,
      step: -1,
      number: 0,
      clicks: { left: 0, right: 0 },
      down: {},
      chosen: "",
      patches: {},
    };
  },
  computed: {
    words() {
      const plays = this.plays.filter((name) => name);
      const what = plays.length ? `plays ${LISTED.format(plays)}` : "no model plays";
      return `The screen of the module: ${what}${this.step >= 0 ? `, step ${this.step + 1}` : ""}`;
    },
    source() {
      const plain = { shape: "constant", volts: 0, depth: 0, hertz: 0.5 };
      return { ...plain, ...(this.sources ?? {})[this.chosen], ...this.patches[this.chosen] };
    },
  },
  created() {
    this.turned = {}; // what is to be sent
    this.mine = {}; // when a knob was turned here
    this.grasped = null;
    this.asked = 0;
    this.pictures = Promise.resolve();
  },
  mounted() {
    this.ask();
  },
  unmounted() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  },
  methods: {
    // -- what it shows -------------------------------------------------------------------------
    ask() {
      clearTimeout(this.timer);
      if (document.hidden) {
        this.timer = setTimeout(() => this.ask(), ASK_IDLE);
        return;
      }
      this.$emit("poll", this.number);
      this.timer = setTimeout(() => this.ask(), NO_ANSWER);
    },
    shown(look) {
      if (look) {
        const { picture, knobs, ...rest } = look;
        Object.assign(this, rest);
        for (const name in knobs) {
          if (performance.now() - (this.mine[name] ?? -OWN_WORD) > OWN_WORD) {
            this.positions[name] = knobs[name];
          }
        }
        if (picture) this.draw(picture);
      }
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), this.connected ? ASK_AGAIN : ASK_IDLE);
    },
    // A PNG file in base64, or the pixels themselves.
    draw(picture) {
      if (typeof picture !== "string") {
        const pixels = new ImageData(picture, this.$refs.screen.width);
        this.$refs.screen.getContext("2d").putImageData(pixels, 0, 0);
        return;
      }
      const image = new Image();
      image.src = "data:image/png;base64," + picture;
      // One after the other, whichever is decoded first.
      this.pictures = this.pictures.then(async () => {
        await image.decode();
        this.$refs.screen?.getContext("2d").drawImage(image, 0, 0);
      }, () => {});
    },
    name: (side) => side[0].toUpperCase() + side.slice(1),
    short: (jack) => (jack === "threshold" ? "Thr" : jack.toUpperCase()),
    volts(volts) {
      const text = (volts ?? 0).toFixed(1);
      // A converter is a little beside 0 at rest.
      return `${text === "-0.0" ? "0.0" : text} V`;
    },
    level(output) {
      return this.levels[output] === null ? "" : ` · ${this.volts(this.levels[output])}`;
    },
    percent(knob) {
      return Math.round(this.positions[knob] * 100);
    },
    angle(knob) {
      return (this.positions[knob] - 0.5) * SWEEP;
    },
    waits(knob) {
      return this.waiting.includes(knob);
    },
    // -- knobs ---------------------------------------------------------------------------------
    turn(knob, position) {
      const at = Math.min(Math.max(position, 0), 1);
      this.positions[knob] = at;
      this.mine[knob] = performance.now();
      this.turned[knob] = at;
      if (!this.frame) {
        this.frame = requestAnimationFrame(() => {
          this.frame = 0;
          this.$emit("turn", this.turned);
          this.turned = {};
        });
      }
    },
    grasp(event, knob) {
      event.currentTarget.setPointerCapture(event.pointerId);
      event.currentTarget.focus();
      this.grasped = { knob, x: event.clientX, y: event.clientY };
    },
    drag(event, knob) {
      if (this.grasped?.knob !== knob) return;
      const { x, y } = this.grasped;
      const way = (event.clientX - x - (event.clientY - y)) / WAY;
      Object.assign(this.grasped, { x: event.clientX, y: event.clientY });
      if (way) this.turn(knob, this.positions[knob] + way * (event.shiftKey ? 0.2 : 1));
    },
    wheel(event, knob) {
      const step = event.shiftKey ? 0.004 : 0.02;
      const way = (event.deltaY || event.deltaX) < 0 ? step : -step;
      this.turn(knob, this.positions[knob] + way);
    },
    knobKey(event, knob) {
      const step = event.shiftKey ? 0.004 : 0.02;
      const ways = {
        ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step,
        PageUp: 0.1, PageDown: -0.1, Home: -2, End: 2,
      };
      if (!(event.key in ways)) return;
      event.preventDefault();
      this.turn(knob, this.positions[knob] + ways[event.key]);
    },
    // -- encoders ------------------------------------------------------------------------------
    encode(side, clicks) {
      this.clicks[side] += clicks;
      this.$emit("encode", { side, clicks });
    },
    grip(event, side) {
      event.currentTarget.setPointerCapture(event.pointerId);
      event.currentTarget.focus();
      this.grasped = { side, x: event.clientX, y: event.clientY };
    },
    roll(event, side) {
      if (this.grasped?.side !== side) return;
      const way = event.clientX - this.grasped.x - (event.clientY - this.grasped.y);
      const clicks = Math.trunc(way / CLICK);
      if (clicks) {
        Object.assign(this.grasped, { x: event.clientX, y: event.clientY });
        this.encode(side, clicks);
      }
    },
    encoderKey(event, side) {
      const ways = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 };
      if (event.key in ways) {
        event.preventDefault();
        this.encode(side, ways[event.key]);
      } else {
        this.pressKey(event, side);
      }
    },
    encoderUp(event, side) {
      this.releaseKey(event, side);
    },
    // -- buttons -------------------------------------------------------------------------------
    press(event, control) {
      if (this.down[control]) return;
      if (event?.pointerId !== undefined) {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.currentTarget.focus();
      }
      this.down[control] = true;
      this.$emit("press", control);
    },
    release(control) {
      if (!this.down[control]) return;
      this.down[control] = false;
      this.$emit("release", control);
    },
    pressKey(event, control) {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      if (!event.repeat) this.press(null, control);
    },
    releaseKey(event, control) {
      if (event.key === " " || event.key === "Enter") this.release(control);
    },
    // -- cables --------------------------------------------------------------------------------
    patched(jack) {
      const source = (this.sources ?? {})[jack];
      return Boolean(source && (source.volts || (source.shape !== "constant" && source.depth)));
    },
    patch(change) {
      const source = { ...this.source, ...change };
      if (change.shape && change.shape !== "constant" && !source.depth) source.depth = 2;
      this.patches[this.chosen] = source;
      this.$emit("patch", { jack: this.chosen, ...source });
    },
    unplug() {
      this.patch({ shape: "constant", volts: 0, depth: 0 });
      this.chosen = "";
    },
  },
};
