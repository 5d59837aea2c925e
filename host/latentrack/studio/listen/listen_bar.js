// The bar at the foot of every page. It stays while pages come and go, and so does its sound.

import { midiOut } from "listen_midi_out";
import { now, sound } from "listen_sound";

const FIRST_PINGS = 9;
const PING_EVERY = 10_000; // ms
const MOST_LIGHTS = 32;
const TAP_PAUSE = 2; // seconds
const KEPT_TAPS = 8;
const REMEMBERED = "latentrack sounds here";
// Where a space bar means something else.
const TAKES_KEYS =
  "input, textarea, select, button, summary, [contenteditable], [role=button], [role=slider], " +
  "[role=switch], [role=checkbox], [role=option], [role=gridcell], [role=menuitem], " +
  "[role=application], [role=grid]";

export default {
  props: {
    playing: Boolean,
    tempo: Number,
    swing: Number,
    volume: Number,
    reverb: Number,
    samples: Object,
    midiChannel: Number,
    following: Boolean,
    model: String,
    steps: Number,
    beat: Number,
  },
  template: `
    <div class="lt-listen-bar" role="group" aria-label="Playing">
      <button type="button" class="lt-listen-play" :class="{ playing }" @click="toggle"
        :aria-label="playing ? 'Stop' : 'Play'" title="Play or stop (space bar)">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path :d="playing ? 'M6 6h12v12H6z' : 'M7 4.5v15l13-7.5z'" />
        </svg>
      </button>
      <div class="lt-listen-lights" role="img" :aria-label="spoken">
        <i v-for="light in lights" :key="light.step"
          :class="{ beat: light.beat, on: light.from <= lit && lit < light.to }"></i>
      </div>
      <label class="lt-listen-field"><span>Tempo</span>
        <input ref="tempo" type="number" aria-label="Tempo" min="20" max="400" step="any" inputmode="decimal"
          :disabled="following" @change="setTempo"
          :title="following ? 'The tempo comes from the MIDI clock' : 'Quarter notes a minute'">
      </label>
      <button type="button" class="lt-listen-button lt-listen-wide" @click="tap"
        :disabled="following" title="Tap along to set the tempo">Tap</button>
      <label class="lt-listen-field lt-listen-wide"><span>Swing</span>
        <input ref="swing" type="range" aria-label="Swing" min="50" max="75" step="1" @input="setSwing"
          :aria-valuetext="percent(swing)">
        <output aria-hidden="true">{{ percent(swing) }}</output>
      </label>
      <label class="lt-listen-field lt-listen-wide"><span>Volume</span>
        <input ref="volume" type="range" aria-label="Volume" min="0" max="100" step="1" @input="setVolume"
          :aria-valuetext="percent(volume)">
      </label>
      <button type="button" class="lt-listen-button lt-listen-here" role="switch"
        :aria-checked="sounds ? 'true' : 'false'" @click="toggleSound" :title="soundTitle">
        {{ sounds ? (running ? "Sounds here" : "Click to hear") : "Silent here" }}
      </button>
      <a class="lt-listen-model" href="/explore" @click.prevent="$emit('model')">
        {{ model || "No model is open" }}
      </a>
    </div>`,
  data() {
    return { lit: -1, sounds: false, running: false };
  },
  computed: {
    lights() {
      const each = this.steps <= MOST_LIGHTS ? 1 : this.beat;
      return Array.from({ length: Math.ceil(this.steps / each) }, (_, index) => ({
        step: index,
        from: index * each,
        to: (index + 1) * each,
        beat: (index * each) % this.beat === 0,
      }));
    },
    spoken() {
      if (this.lit < 0) return `${this.steps} step${this.steps === 1 ? "" : "s"}`;
      return `Step ${this.lit + 1} of ${this.steps}`;
    },
    soundTitle() {
      return this.sounds ? "Make this browser silent" : "Let this browser sound what is played";
    },
  },
  watch: {
    tempo: "show",
    swing: "show",
    volume: "show",
    reverb: "show",
    samples: "show",
  },
  mounted() {
    this.taps = [];
    this.timers = new Set();
    this.sounds = sound.wanted || sessionStorage.getItem(REMEMBERED) === "yes";
    document.addEventListener("keydown", this.key);
    document.addEventListener("pointerdown", this.touched, true);
    document.addEventListener("keydown", this.touched, true);
    if (this.sounds) this.wake();
    for (let i = 0; i < FIRST_PINGS; i++) setTimeout(this.ping, 60 * i);
    this.pinging = setInterval(this.ping, PING_EVERY);
    document.addEventListener("visibilitychange", this.tellHidden);
    if (document.hidden) this.tellHidden();
    this.show();
  },
  unmounted() {
    document.removeEventListener("keydown", this.key);
    document.removeEventListener("pointerdown", this.touched, true);
    document.removeEventListener("keydown", this.touched, true);
    document.removeEventListener("visibilitychange", this.tellHidden);
    clearInterval(this.pinging);
    this.forget();
  },
  methods: {
    // What the server calls: the time it had when a ping came.
    pong(sent, server) {
      sound.meet(sent, server, now());
    },
    // A bar sounds by itself, once.
    audition(hits, steps, beat) {
      sound.auditionBar(hits, steps, beat);
    },
    // A step is going to sound; early: as it would if nothing changed until then.
    step(count, number, due, seconds, hits, early = false) {
      sound.step(count, number, due, seconds, hits);
      if (early) return;
      midiOut.step(sound.pageTime(due), hits, this.midiChannel);
      this.later(sound.pageTime(due) - now(), () => (this.lit = number));
    },
    // Browsers give a tab that nobody sees little time: it is told of steps long before they come.
    tellHidden() {
      this.$emit("hidden", document.hidden);
    },
    // What was told of is not going to sound.
    halt() {
      sound.halt();
      midiOut.halt();
      this.forget();
      this.lit = -1;
    },

    percent(share) {
      return `${Math.round(share * 100)} %`;
    },
    // A field that somebody is typing into stays as it is.
    show() {
      sound.setVolume(this.volume);
      sound.setReverb(this.reverb);
      sound.tempo = this.tempo;
      sound.setSamples(this.samples);
      const { tempo, swing, volume } = this.$refs;
      if (document.activeElement !== tempo) tempo.value = Math.round(this.tempo * 10) / 10;
      if (!swing.matches(":active")) swing.value = Math.round(this.swing * 100);
      if (!volume.matches(":active")) volume.value = Math.round(this.volume * 100);
    },
    toggle() {
      if (this.playing) {
        this.$emit("stop");
      } else {
        this.sound(true);
        this.$emit("play");
      }
    },
    toggleSound() {
      this.sound(!(this.sounds && this.running));
    },
    sound(wanted) {
      this.sounds = wanted;
      sessionStorage.setItem(REMEMBERED, wanted ? "yes" : "no");
      if (wanted) {
        this.wake();
      } else {
        sound.sleep();
        this.running = false;
      }
    },
    async wake() {
      const waking = sound.wake();
      // A page that nobody has touched yet may not sound: it waits, perhaps for long.
      this.running = sound.running;
      await waking;
      this.running = this.sounds && sound.running;
    },
    touched(event) {
      // The switch itself is told by its click.
      if (event.target.closest?.(".lt-listen-here")) return;
      if (this.sounds && !sound.running) this.wake();
    },
    setTempo(event) {
      const tempo = event.target.valueAsNumber;
      if (tempo >= 20 && tempo <= 400) this.$emit("tempo", tempo);
      else event.target.value = Math.round(this.tempo * 10) / 10;
    },
    setSwing(event) {
      this.$emit("swing", event.target.valueAsNumber / 100);
    },
    setVolume(event) {
      sound.setVolume(event.target.valueAsNumber / 100);
      this.$emit("volume", event.target.valueAsNumber / 100);
    },
    tap(event) {
      const time = event.timeStamp / 1000;
      if (this.taps.length && time - this.taps.at(-1) > TAP_PAUSE) this.taps = [];
      this.taps = [...this.taps, time].slice(-KEPT_TAPS);
      if (this.taps.length < 2) return;
      const tempo = (60 * (this.taps.length - 1)) / (time - this.taps[0]);
      this.$emit("tempo", Math.min(400, Math.max(20, Math.round(tempo * 10) / 10)));
    },
    key(event) {
      if (event.code !== "Space" || event.repeat || event.defaultPrevented) return;
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.target.closest?.(TAKES_KEYS)) return;
      event.preventDefault();
      this.toggle();
    },
    ping() {
      this.$emit("ping", now());
    },
    later(seconds, act) {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        act();
      }, Math.max(0, seconds * 1000));
      this.timers.add(timer);
    },
    forget() {
      for (const timer of this.timers) clearTimeout(timer);
      this.timers.clear();
    },
  },
};
