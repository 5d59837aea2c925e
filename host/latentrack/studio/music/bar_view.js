// One file's bars, one below the other; each is a picture with its own text for screen readers, and
// can be heard.

import { sound } from "listen_sound";

const PART = 8;
const FEW = 16;  // voices that have room for their names

export default {
  template: `
    <div class="lt-music-bars">
      <template v-if="got && name">
        <div class="lt-music-barhead">
          <h3 :title="name">{{ name }}</h3>
          <span class="lt-muted">{{ range }}</span>
          <button type="button" class="lt-music-way" aria-label="Earlier bars"
            :disabled="got.start === 0" @click="go(-1)">‹</button>
          <button type="button" class="lt-music-way" aria-label="Later bars"
            :disabled="got.start + got.bars.length >= got.total" @click="go(1)">›</button>
          <button type="button" class="lt-music-way" :aria-label="'Take out ' + name"
            @click="$emit('remove', name)">Take out</button>
        </div>
        <p v-if="!got.total" class="lt-music-reason">No bars: {{ got.why }}.</p>
        <figure v-for="(bar, index) in got.bars" class="lt-music-bar">
          <figcaption class="lt-muted">
            <button type="button" class="lt-music-hear" :class="{ on: heard === index }"
              :aria-label="(heard === index ? 'Stop bar ' : 'Hear bar ') + (got.start + index + 1)"
              @click="hear(index)">
              <svg viewBox="0 0 24 24" aria-hidden="true">
                <path :d="heard === index ? 'M6 6h12v12H6z' : 'M7 4.5v15l13-7.5z'" />
              </svg>
            </button>
            {{ got.start + index + 1 }}
          </figcaption>
          <div class="lt-music-voices" aria-hidden="true" :style="{ height: high + 'px' }">
            <span v-for="voice in named" :style="{ top: voice.top + 'px' }">{{ voice.name }}</span>
          </div>
          <svg role="img" :aria-label="'Bar ' + (got.start + index + 1) + ': ' + bar.words"
            preserveAspectRatio="none" :viewBox="'0 0 ' + got.steps + ' ' + got.voices"
            :style="{ height: high + 'px' }">
            <rect v-for="beat in beats" :x="(beat - 1) * 2 * got.beat" y="0" :width="got.beat"
              :height="got.voices" class="lt-music-beat" />
            <path v-if="few" :d="lines" class="lt-music-line" vector-effect="non-scaling-stroke" />
            <path :d="bar.soft" class="lt-music-soft" />
            <path :d="bar.medium" class="lt-music-medium" />
            <path :d="bar.loud" class="lt-music-loud" />
            <path :d="barlines" class="lt-music-barline" vector-effect="non-scaling-stroke" />
          </svg>
        </figure>
        <p v-if="got.total" class="lt-muted lt-music-legend">
          <i class="lt-music-soft"></i> soft <i class="lt-music-medium"></i> medium
          <i class="lt-music-loud"></i> accent (velocity 96 and more)</p>
      </template>
      <p v-else class="lt-muted">Choose a file to see its bars.</p>
    </div>`,
  props: { url: String, name: String, version: Number },
  emits: ["remove"],
  data: () => ({ got: null, asked: 0, heard: -1 }),
  computed: {
    few() {
      return this.got.voices <= FEW;
    },
    each() {
      return this.few ? Math.max(14, Math.min(36, 100 / this.got.voices))
        : Math.max(3, 240 / this.got.voices);
    },
    high() {
      return this.each * this.got.voices;
    },
    named() {
      const middle = (this.each - 14) / 2;  // of a row, for a line of 14 px
      const voices = this.got.names.map((name, at) => ({ name, top: at * this.each + middle }));
      return this.few ? voices : voices.filter(({ name }) => /^C-?\d+$/.test(name));
    },
    beats() {
      return Math.ceil(this.got.steps / this.got.beat / 2);
    },
    lines() {
      return this.got.names.slice(1).map((_, at) => `M0 ${at + 1}H${this.got.steps}`).join("");
    },
    barlines() {
      let path = "";
      for (let at = this.got.bar; at < this.got.steps; at += this.got.bar) {
        path += `M${at} 0V${this.got.voices}`;
      }
      return path;
    },
    range() {
      const { start, bars, total, steps, bar } = this.got;
      if (!total) return "";
      const what = steps > bar ? "sequences" : "bars";
      return `${what} ${start + 1} to ${start + bars.length} of ${total.toLocaleString("en-GB")}`;
    },
  },
  watch: {
    name() { this.ask(0); },
    version() { this.ask(this.got ? this.got.start : 0); },
  },
  mounted() {
    this.ask(0);
  },
  unmounted() {
    if (this.heard >= 0) sound.endAudition();
  },
  methods: {
    // Once from its beginning to its end, at the tempo of the bar at the foot; again: stop.
    hear(index) {
      if (this.heard === index) {
        sound.endAudition();
        return;
      }
      const { steps, beat, sounds, bars } = this.got;
      const hits = bars[index].hits.map(([step, voice, velocity]) =>
        [...sounds[voice], velocity, step]);
      // The one that is heard by now hears of its end first.
      sound.auditionBar(hits, steps, beat, () => (this.heard = -1));
      this.heard = index;
    },
    go(way) {
      this.ask(this.got.start + way * PART);
    },
    async ask(start) {
      const asked = ++this.asked;
      if (!this.name) {
        this.got = null;
        return;
      }
      const query = new URLSearchParams({ name: this.name, start, count: PART });
      try {
        const answer = await fetch(`${window.path_prefix || ""}${this.url}?${query}`);
        const got = answer.ok ? await answer.json() : null;
        if (asked !== this.asked || !got) return;
        if (got.total && start >= got.total) this.ask(0);
        else this.got = got;
      } catch {
        // The page says by itself that the studio has gone.
      }
    },
  },
};
