// The pattern as a grid: a row for each voice, a cell for each step. Cells are plain elements, so
// that a screen reader and the keyboard find their way; only those that change are touched.
import { hands } from "grid_hands";
import { OneInFlight, bytes } from "one_in_flight";

// What a cell is, besides a hit or none: bits of `marks`.
const DRAWN = 1, ERASED = 2, DIFFERS = 4;

// In words for a screen reader; less than half a per cent of a step is on the grid.
function when(late) {
  const percent = Math.round(Math.abs(late) * 100);
  return percent ? `, ${percent} % of a step ${late < 0 ? "early" : "late"}` : "";
}

export default {
  template: `
    <div class="lt-explore-rows" ref="box">
      <div class="lt-explore-table" ref="table" role="grid" aria-label="Pattern" @keydown="key"
        aria-description="Arrow keys go from cell to cell, the space bar sets or removes a hit. With Shift, arrow keys change a hit's velocity and timing; with Alt they shift the pattern; with Control and Shift they select. M mutes the voice, S solos it, F fills it, N looks for the nearest position of the model."
        @pointerdown="down" @pointermove="moved" @pointerup="up" @pointercancel="pressed = null"
        @click="name" @contextmenu.prevent @focusin="entered"></div>
    </div>`,
  created() {
    this.cells = [];
    this.number = 0; // of the newest drawing
    this.pending = new Map(); // the cells that were drawn, until the server has heard of it
    this.muted = this.soloed = [];
    this.playing = false;
    this.densities = new OneInFlight((message) => this.$emit("density", message));
    this.shapes = new OneInFlight((message) => this.$emit("shape", message));
  },
  mounted() {
    this.$emit("ready");
  },
  methods: {
    // -- what the server says ---------------------------------------------------------------------

    // rows: {name, voice, knob, slider: the name of its group, if it has its slider, sound}, the
    // upper one first.  felt: the model has a feel.
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
        line.append(this.head(entry, row));
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
      this.frame = document.createElement("div");
      this.frame.className = "lt-explore-selected";
      this.frame.hidden = true;
      table.append(this.frame);
      this.pending.clear();
      this.selected = this.anchor = null;
      this.cells[0][0].tabIndex = 0;
      this.scrolled = false;
    },
    head(entry, row) {
      const head = document.createElement("div");
      head.className = "lt-explore-head";
      head.setAttribute("role", "rowheader");
      // Keys do the same from the cells, so that there is one stop for the tabulator.
      const button = (text, title, act) => {
        const made = document.createElement("button");
        Object.assign(made, { type: "button", textContent: text, title, tabIndex: -1 });
        made.dataset.row = row;
        if (act) {
          made.dataset.act = act;
          made.className = "lt-explore-switch";
          made.setAttribute("aria-pressed", "false");
          made.setAttribute("aria-label", `${act === "mute" ? "Mute" : "Solo"} ${entry.name}`);
        } else {
          made.className = "lt-explore-name";
        }
        head.append(made);
      };
      button("M", "Mute (M)", "mute");
      button("S", "Solo (S)", "solo");
      button(entry.name, `${entry.name}: select its steps`);
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
    // hits, timing (in parts of 127 of a step), marks: a byte for each cell, voice fastest.  played:
    // so many steps are played.  drawn: the drawings up to this number are in it.
    show(told) {
      if (told.answers.includes("density")) this.densities.answered();
      if (told.answers.includes("shape")) this.shapes.answered();
      if (!this.told) return;
      const hits = bytes(told.hits), marks = told.marks ? bytes(told.marks) : null;
      const timing = told.timing ? new Int8Array(bytes(told.timing).buffer) : null;
      this.$refs.table.classList.toggle("lt-explore-felt", timing !== null);
      const { rows, steps, voices } = this.told;
      let lowest = -1, highest = -1;
      for (let row = 0; row < rows.length; row++) {
        for (let step = 0; step < steps; step++) {
          const at = step * voices + rows[row].voice;
          const cell = this.cells[row][step];
          if (this.pending.get(cell) > told.drawn) continue;
          this.pending.delete(cell);
          const hit = hits[at], mark = marks ? marks[at] : 0;
          const silent = told.silent.includes(rows[row].voice);
          const mute = step >= told.played || silent;
          const late = hit && timing ? timing[at] / 127 : 0;
          const state = `${hit} ${mark} ${mute} ${late}`;
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
          names.toggle("lt-explore-drawn", (mark & DRAWN) > 0);
          names.toggle("lt-explore-erased", (mark & ERASED) > 0);
          names.toggle("lt-explore-wrong", (mark & DIFFERS) > 0);
          names.toggle("lt-explore-mute", mute);
          const word = hit ? `hit, velocity ${hit}${when(late)}` : "no hit";
          const drawn = mark & ERASED ? ", erased" : mark & DRAWN ? ", drawn" : "";
          const differs = mark & DIFFERS ? ", the nearest differs" : "";
          const more = drawn + differs + (mute ? ", not played" : "");
          cell.setAttribute("aria-label", `${rows[row].name}, step ${step + 1}, ${word}${more}`);
          cell.setAttribute("aria-selected", hit > 0);
        }
      }
      [this.muted, this.soloed] = [told.muted, told.soloed];
      for (const button of this.$refs.table.querySelectorAll(".lt-explore-switch")) {
        const on = (button.dataset.act === "mute" ? told.muted : told.soloed);
        button.setAttribute("aria-pressed", on.includes(rows[button.dataset.row].voice));
      }
      for (const slider of this.$refs.table.querySelectorAll("input")) {
        const value = told.densities[slider.dataset.knob];
        if (this.densities.idle) slider.value = value;
        slider.setAttribute("aria-valuetext", `${Math.round(value * 100)} per cent`);
      }
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
      this.$el.dataset.drawn = told.drawn;
    },
    setStep(step) {
      this.playing = step >= 0;
      if (!this.playhead) return;
      const cell = step >= 0 ? this.cells[0]?.[step] : null;
      this.playhead.hidden = !cell;
      if (!cell) return;
      this.playhead.style.left = `${cell.offsetLeft}px`;
      this.playhead.style.width = `${cell.offsetWidth}px`;
    },

    // -- what a hand does -------------------------------------------------------------------------

    ...hands,
  },
};
