// The list of files: rows of one height, of which only those in sight are there.

import { counted } from "counted";

const ROW = 58;  // pixels, as in music.css
const PART = 40;  // rows that are asked for at a time

export default {
  template: `
    <div class="lt-music-list">
      <div class="lt-music-find">
        <input type="search" v-model="find" placeholder="Find a file or a style"
          aria-label="Find a file or a style" @input="later">
        <select v-model="show" aria-label="Which files are listed" @change="ask">
          <option value="all">All files</option>
          <option value="used">Files with bars</option>
          <option value="unused">Files without</option>
        </select>
        <span class="lt-muted" role="status">{{ said }}</span>
        <button v-if="total && (find.trim() || show !== 'all')" type="button"
          class="lt-music-way" @click="$emit('removefound', find, show)">Take these out</button>
      </div>
      <div ref="sight" class="lt-music-sight" role="listbox" tabindex="0" aria-label="Files"
        :aria-activedescendant="at >= 0 ? id(at) : null" @scroll="look" @keydown="key">
        <div class="lt-music-all" role="presentation" :style="{ height: total * row + 'px' }">
          <div v-for="{ index, file } in rows" :key="index" :id="id(index)" role="option"
            class="lt-music-row" :class="{ chosen: index === at, none: file && !file.count }"
            :style="{ top: index * row + 'px' }" :aria-selected="index === at ? 'true' : 'false'"
            :aria-posinset="index + 1" :aria-setsize="total"
            :aria-label="file ? words(file) : 'Loading'" @click="choose(index)">
            <template v-if="file">
              <div class="lt-music-name">
                <div class="lt-music-file" :title="file.name">{{ own(file) }}</div>
                <div class="lt-muted">{{ counted(file) }}</div>
              </div>
              <div v-if="file.count" class="lt-music-thumbs" aria-hidden="true">
                <svg v-for="bar in file.bars" preserveAspectRatio="none"
                  :viewBox="'0 0 ' + shape.steps + ' ' + shape.voices"
                  :style="{ width: wide + 'px' }">
                  <rect v-for="beat in beats" :x="(beat - 1) * 2 * shape.beat" y="0"
                    :width="shape.beat" :height="shape.voices" class="lt-music-beat" />
                  <path :d="bar.soft" class="lt-music-soft" />
                  <path :d="bar.medium" class="lt-music-medium" />
                  <path :d="bar.loud" class="lt-music-loud" />
                </svg>
              </div>
              <div v-else class="lt-music-why" :title="file.why">{{ file.why }}</div>
              <!-- For the mouse: an option holds no button. By keyboard it is Delete, and for all
                   the button beside the bars. -->
              <span class="lt-music-out" aria-hidden="true" title="Take out of the corpus"
                @click.stop="$emit('remove', file.name)">×</span>
            </template>
          </div>
        </div>
        <p v-if="!total && !asking" class="lt-muted lt-music-nothing">No matching files.</p>
      </div>
    </div>`,
  props: { url: String, version: Number },
  emits: ["choose", "remove", "removefound"],
  data: () => ({
    find: "", show: "all", total: 0, files: {}, first: 0, last: 0, at: -1, name: "", row: ROW,
    shape: { steps: 16, voices: 1, beat: 4, bar: 16 }, asking: true,
  }),
  computed: {
    rows() {
      const rows = [];
      for (let index = this.first; index < Math.min(this.last, this.total); index++) {
        rows.push({ index, file: this.files[index] });
      }
      return rows;
    },
    beats() {
      return Math.ceil(this.shape.steps / this.shape.beat / 2);
    },
    wide() {
      return Math.max(64, Math.round(this.shape.steps * 4));
    },
    said() {
      if (this.asking && !this.total) return "";
      return counted(this.total, "file");
    },
  },
  watch: {
    version() {
      this.ask();
    },
  },
  created() {
    this.asked = 0;
    this.wanted = new Set();
  },
  mounted() {
    this.sized = new ResizeObserver(() => this.look());
    this.sized.observe(this.$refs.sight);
    this.ask();
  },
  unmounted() {
    this.sized.disconnect();
    clearTimeout(this.timer);
  },
  methods: {
    id(index) {
      return `lt-music-file-${index}`;
    },
    own(file) {
      return file.name.slice(file.name.lastIndexOf("/") + 1);
    },
    counted(file) {
      if (!file.count) return file.style || "no bars";
      const folder = file.name.slice(0, Math.max(0, file.name.lastIndexOf("/")));
      const style = file.style || folder ? ` · ${file.style || folder}` : "";
      return `${this.number(file)}${style}`;
    },
    number({ count }) {
      const what = this.shape.steps === this.shape.bar ? "bar" : "sequence";
      return counted(count, what);
    },
    words(file) {
      if (!file.count) return `${file.name}: ${file.why}`;
      return `${file.name}, ${this.number(file)}${file.style ? `, ${file.style}` : ""}`;
    },
    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), 200);
    },
    // Anew from the part in sight; what is shown stays until the answer is there.
    async ask() {
      const asked = ++this.asked;
      this.asking = true;
      const start = Math.max(0, this.first - this.first % PART);
      let answer = await this.fetch(start);
      if (answer && !answer.rows.length && answer.total) answer = await this.fetch(0);
      if (asked !== this.asked || !answer) return;
      this.asking = false;
      this.wanted = new Set([answer.start]);
      this.files = {};
      this.take(answer);
      this.at = Object.values(this.files).findIndex((file) => file.name === this.name);
      this.at = this.at < 0 ? -1 : Number(Object.keys(this.files)[this.at]);
      if (this.at < 0) this.chooseFirst();
      this.$nextTick(() => this.look());
    },
    // Something is to be seen large at once.
    chooseFirst() {
      const first = Object.keys(this.files).find((index) => this.files[index].count);
      if (first !== undefined) this.choose(Number(first));
      else this.choose(this.total ? Number(Object.keys(this.files)[0]) : -1);
    },
    async fetch(start) {
      const query = new URLSearchParams({ start, count: PART, find: this.find, show: this.show });
      try {
        const answer = await fetch(`${window.path_prefix || ""}${this.url}?${query}`);
        return answer.ok ? await answer.json() : null;
      } catch {
        return null;  // the page says by itself that the studio has gone
      }
    },
    take({ total, start, rows, steps, voices, beat, bar }) {
      this.total = total;
      this.shape = { steps, voices, beat, bar };
      rows.forEach((file, index) => { this.files[start + index] = file; });
    },
    async look() {
      const sight = this.$refs.sight;
      if (!sight) return;
      this.first = Math.max(0, Math.floor(sight.scrollTop / ROW) - 4);
      this.last = Math.ceil((sight.scrollTop + sight.clientHeight) / ROW) + 4;
      const asked = this.asked;
      for (let start = this.first - this.first % PART; start < this.last; start += PART) {
        if (start >= this.total || this.wanted.has(start)) continue;
        this.wanted.add(start);
        const answer = await this.fetch(start);
        if (asked !== this.asked) return;
        if (answer) this.take(answer);
        else this.wanted.delete(start);
      }
    },
    choose(index) {
      const file = this.files[index];
      this.at = file ? index : -1;
      const name = file ? file.name : "";
      if (name === this.name) return;
      this.name = name;
      this.$emit("choose", name);
    },
    async key(event) {
      const page = Math.max(1, Math.floor(this.$refs.sight.clientHeight / ROW) - 1);
      const steps = {
        ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page,
        Home: -this.total, End: this.total,
      };
      if (event.key === "Delete" && this.files[this.at]) {
        event.preventDefault();
        this.$emit("remove", this.files[this.at].name);
      }
      if (!(event.key in steps) || !this.total) return;
      event.preventDefault();
      const index = Math.min(this.total - 1, Math.max(0, this.at + steps[event.key]));
      const sight = this.$refs.sight;
      if (index * ROW < sight.scrollTop) sight.scrollTop = index * ROW;
      const below = (index + 1) * ROW - sight.clientHeight;
      if (below > sight.scrollTop) sight.scrollTop = below;
      await this.look();
      this.choose(index);
    },
  },
};
