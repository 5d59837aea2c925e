// The pattern as a grid: a row for each voice, a cell for each step. Cells are plain elements, so
// that a screen reader and the keyboard find their way; only those that change are touched.
import { OneInFlight, bytes } from "one_in_flight";

// In words for a screen reader; less than half a per cent of a step is on the grid.
function when(late) {
  const percent = Math.round(Math.abs(late) * 100);
  return percent ? `, ${percent} % of a step ${late < 0 ? "early" : "late"}` : "";
}

const STRAYED = 8; // pixels: a hand that moves further has not pressed
const SHAPED_BY_KEYS = {
  ArrowUp: ["velocity", 8], ArrowDown: ["velocity", -8],
  ArrowLeft: ["late", -0.05], ArrowRight: ["late", 0.05],
};

export default {
  template: `
    <div class="lt-explore-rows" ref="box">
      <div class="lt-explore-table" ref="table" role="grid" aria-label="Pattern" @keydown="key"
        aria-description="Arrow keys go from cell to cell, the space bar sets or removes a hit. With Shift, arrow keys change a hit's velocity and timing."
        @pointerdown="down" @pointermove="moved" @pointerup="up" @pointercancel="pressed = null"
        @focusin="entered"></div>
    </div>`,
  created() {
    this.cells = [];
    this.densities = new OneInFlight((message) => this.$emit("density", message));
    this.shapes = new OneInFlight((message) => this.$emit("shape", message));
  },
  mounted() {
    this.$emit("ready");
  },
  methods: {
    // -- what the server says ---------------------------------------------------------------------

    // rows: {name, knob, first: it has the knob of its group}, the upper one first.
    setup(told) {
      this.told = told;
      this.entry = new Map(told.rows.map((entry, row) => [entry.voice, row]));
      this.focus = [0, 0];
      const table = this.$refs.table;
      table.replaceChildren();
      table.style.setProperty("--lt-steps", told.steps);
      table.classList.toggle("lt-explore-many", told.rows.length > 20);
      table.setAttribute("aria-rowcount", told.rows.length);
      table.setAttribute("aria-colcount", told.steps + 1);
      this.cells = told.rows.map((entry, row) => {
        const line = document.createElement("div");
        line.className = "lt-explore-row";
        line.setAttribute("role", "row");
        line.setAttribute("aria-rowindex", row + 1);
        line.append(this.head(entry));
        const cells = Array.from({ length: told.steps }, (_, step) => {
          const cell = document.createElement("div");
          cell.className = "lt-explore-cell";
          if (step % told.beat === 0) cell.classList.add("lt-explore-beat");
          cell.setAttribute("role", "gridcell");
          cell.setAttribute("aria-colindex", step + 2);
          cell.tabIndex = -1;
          cell.row = row;
          cell.step = step;
          cell.state = "";
          return cell;
        });
        line.append(...cells);
        table.append(line);
        return cells;
      });
      this.playhead = document.createElement("div");
      this.playhead.className = "lt-explore-now";
      this.playhead.hidden = true;
      table.append(this.playhead);
      this.cells[0][0].tabIndex = 0;
      this.scrolled = false;
    },
    head(entry) {
      const head = document.createElement("div");
      head.className = "lt-explore-head";
      head.setAttribute("role", "rowheader");
      const name = document.createElement("span");
      name.textContent = entry.name;
      name.title = entry.name;
      head.append(name);
      if (entry.slider) {
        const slider = document.createElement("input");
        Object.assign(slider, { type: "range", min: 0, max: 1, step: 0.01 });
        slider.title = `${entry.slider}: how readily it sounds (double click: as the threshold says)`;
        slider.setAttribute("aria-label", `Density of ${entry.slider}`);
        slider.dataset.knob = entry.knob;
        const tell = (value) => this.densities.post({ index: entry.knob, value });
        slider.addEventListener("input", () => tell(Number(slider.value)));
        slider.addEventListener("dblclick", () => tell(0.5));
        head.append(slider);
      }
      return head;
    },
    // hits, timing (in parts of 127 of a step), wrong: a byte for each cell, voice fastest.  played:
    // so many steps are played.
    show(told) {
      if (told.answers.includes("density")) this.densities.answered();
      if (told.answers.includes("shape")) this.shapes.answered();
      if (!this.told) return;
      const hits = bytes(told.hits), wrong = told.wrong ? bytes(told.wrong) : null;
      const timing = told.timing ? new Int8Array(bytes(told.timing).buffer) : null;
      this.$refs.table.classList.toggle("lt-explore-felt", timing !== null);
      const { rows, steps, voices } = this.told;
      let lowest = -1, highest = -1;
      for (let row = 0; row < rows.length; row++) {
        for (let step = 0; step < steps; step++) {
          const at = step * voices + rows[row].voice;
          const hit = hits[at], off = wrong ? wrong[at] : 0;
          const mute = step >= told.played;
          const late = hit && timing ? timing[at] / 127 : 0;
          const state = `${hit} ${off} ${mute} ${late}`;
          const cell = this.cells[row][step];
          if (hit && highest < 0) highest = row;
          if (hit) lowest = row;
          if (cell.state === state) continue;
          cell.state = state;
          cell.hit = hit;
          cell.late = late;
          cell.style.setProperty("--lt-loud", hit / 127);
          if (timing) cell.style.setProperty("--lt-late", late);
          const names = cell.classList;
          names.toggle("lt-explore-hit", hit > 0);
          names.toggle("lt-explore-wrong", off > 0);
          names.toggle("lt-explore-mute", mute);
          const word = hit ? `hit, velocity ${hit}${when(late)}` : "no hit";
          const more = (off ? ", not as you drew it" : "") + (mute ? ", not played" : "");
          cell.setAttribute("aria-label", `${rows[row].name}, step ${step + 1}, ${word}${more}`);
          cell.setAttribute("aria-selected", hit > 0);
        }
      }
      for (const slider of this.$refs.table.querySelectorAll("input")) {
        const value = told.densities[slider.dataset.knob];
        if (this.densities.idle) slider.value = value;
        slider.setAttribute("aria-valuetext", `${Math.round(value * 100)} per cent`);
      }
      this.$refs.box.classList.toggle("lt-explore-kept", told.kept);
      if (!this.scrolled && highest >= 0) {
        // Of many notes those that sound are the ones to see first.
        this.scrolled = true;
        const box = this.$refs.box, middle = this.cells[(lowest + highest) >> 1][0];
        if (box.scrollHeight > box.clientHeight) {
          box.scrollTop = middle.offsetTop - box.clientHeight / 2;
        }
      }
      // What the benchmark waits for.
      if (told.number) this.$el.dataset.shown = told.number;
    },
    setStep(step) {
      if (!this.playhead) return;
      const cell = step >= 0 ? this.cells[0]?.[step] : null;
      this.playhead.hidden = !cell;
      if (!cell) return;
      this.playhead.style.left = `${cell.offsetLeft}px`;
      this.playhead.style.width = `${cell.offsetWidth}px`;
    },

    // -- what a hand does -------------------------------------------------------------------------

    toggle(cell) {
      const struck = !cell.hit;
      cell.classList.toggle("lt-explore-hit", struck);
      this.$emit("draw", { step: cell.step, voice: this.told.rows[cell.row].voice, struck });
      // The answer must look at this cell anew, whatever it says.
      cell.hit = struck ? 100 : 0;
      cell.state = "";
    },
    cellOf(event) {
      const cell = event.target.closest?.(".lt-explore-cell");
      return cell && this.$refs.table.contains(cell) ? cell : null;
    },
    down(event) {
      const cell = this.cellOf(event);
      this.pressed = cell && !event.button ? { cell, x: event.clientX, y: event.clientY } : null;
      // The hand may leave the grid. A finger scrolls.
      if (this.pressed && event.pointerType !== "touch") this.$refs.table.setPointerCapture(event.pointerId);
    },
    // A hit that is dragged gets louder or softer, or later or earlier: whichever way comes first.
    moved(event) {
      const was = this.pressed;
      if (!was || event.pointerType === "touch") return;
      const right = event.clientX - was.x, up = was.y - event.clientY;
      if (!was.along) {
        if (Math.hypot(right, up) <= STRAYED || !was.cell.hit) return;
        was.along = Math.abs(right) > Math.abs(up) ? "late" : "velocity";
        was.from = was.along === "late" ? was.cell.late : was.cell.hit;
        was.wide = was.cell.getBoundingClientRect().width;
        was.first = true;
      }
      const value = was.from + (was.along === "late" ? right / was.wide : up);
      this.shape(was.cell, was.along, value, was.first);
      was.first = false;
    },
    shape(cell, along, value, first) {
      const [least, most] = along === "late" ? [-0.5, 0.5] : [1, 127];
      const rounded = along === "late" ? Math.round(100 * value) / 100 : Math.round(value);
      const kept = Math.min(most, Math.max(least, rounded));
      const voice = this.told.rows[cell.row].voice;
      this.shapes.post({ step: cell.step, voice, [along]: kept, first });
    },
    up(event) {
      const was = this.pressed;
      this.pressed = null;
      // A finger that scrolls sets nothing.
      if (!was || was.along || Math.hypot(event.clientX - was.x, event.clientY - was.y) > STRAYED) return;
      was.cell.focus({ preventScroll: true });
      this.toggle(was.cell);
    },
    entered(event) {
      const cell = this.cellOf(event);
      if (!cell) return;
      this.cells[this.focus[0]][this.focus[1]].tabIndex = -1;
      this.focus = [cell.row, cell.step];
      cell.tabIndex = 0;
    },
    key(event) {
      const cell = this.cellOf(event);
      if (!cell || event.altKey || event.metaKey) return;
      const last = this.told.steps - 1, bottom = this.cells.length - 1;
      const finer = SHAPED_BY_KEYS[event.key];
      if (event.shiftKey && finer) {
        event.preventDefault();
        const [along, more] = finer;
        const now = along === "late" ? cell.late : cell.hit;
        if (cell.hit) this.shape(cell, along, now + more, true);
        return;
      }
      let [row, step] = [cell.row, cell.step];
      if (event.key === " " || event.key === "Enter") {
        event.preventDefault();
        event.stopPropagation(); // the space bar plays and stops elsewhere
        this.toggle(cell);
        return;
      } else if (event.key === "ArrowLeft") step = Math.max(0, step - 1);
      else if (event.key === "ArrowRight") step = Math.min(last, step + 1);
      else if (event.key === "ArrowUp") row = Math.max(0, row - 1);
      else if (event.key === "ArrowDown") row = Math.min(bottom, row + 1);
      else if (event.key === "Home") [row, step] = [event.ctrlKey ? 0 : row, 0];
      else if (event.key === "End") [row, step] = [event.ctrlKey ? bottom : row, last];
      else return;
      event.preventDefault();
      this.cells[row][step].focus();
    },
  },
};
