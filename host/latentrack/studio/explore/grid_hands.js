// What a hand does to the grid, by mouse, finger and keyboard, as methods of the component in
// pattern_grid.js. A press acts at once; what is meant by a drag is decided by its first way:
//
//   on an empty cell   a hit; sideways more hits, up and down its velocity
//   on a hit           gone when it is let go; sideways its timing if the model has a feel, else
//                      hits are erased; up and down its velocity
//   right button       erases;  with Shift  selects
//
// A finger taps; what it drags is scrolled.

const STRAYED = 8; // pixels: a hand that moves further has not pressed
const SHAPED_BY_KEYS = {
  ArrowUp: ["velocity", 8], ArrowDown: ["velocity", -8],
  ArrowLeft: ["late", -0.05], ArrowRight: ["late", 0.05],
};
const SHIFTED_BY_KEYS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };
const ACTS_WITH_CTRL = { c: "copy", x: "cut", v: "paste", d: "forget" };
const ACTS = { f: "fill", F: "beats", n: "nearest", m: "mute", s: "solo" };

/** Those from one cell to the next in a straight line, without the first. */
function between(from, to) {
  const steps = Math.max(Math.abs(to.row - from.row), Math.abs(to.step - from.step));
  return Array.from({ length: steps }, (_, index) => {
    const share = (index + 1) / steps;
    const along = (a, b) => Math.round(a + (b - a) * share);
    return [along(from.row, to.row), along(from.step, to.step)];
  });
}

export const hands = {
  // -- pointers -----------------------------------------------------------------------------------

  cellOf(event) {
    const cell = event.target.closest?.(".lt-explore-cell");
    return cell && this.$refs.table.contains(cell) ? cell : null;
  },
  cellAt(event) {
    const there = document.elementFromPoint(event.clientX, event.clientY);
    return there ? this.cellOf({ target: there }) : null;
  },
  down(event) {
    const cell = this.cellOf(event);
    this.pressed = null;
    if (!cell || (event.button && event.button !== 2)) return;
    const was = { cell, last: cell, x: event.clientX, y: event.clientY, hit: cell.hit > 0, first: true };
    this.pressed = was;
    if (event.pointerType === "touch") return;
    // The hand may leave the grid.
    this.$refs.table.setPointerCapture(event.pointerId);
    if (event.button === 2) {
      was.way = "erase";
      if (cell.hit) this.paint([[cell.row, cell.step]], false);
    } else if (event.shiftKey) {
      was.way = "select";
      was.from = this.selected ? this.anchor : this.cells[this.focus[0]][this.focus[1]];
      this.select(was.from, cell);
    } else if (!was.hit) {
      this.select(null);
      this.paint([[cell.row, cell.step]], true);
    } else {
      this.select(null);
    }
  },
  moved(event) {
    const was = this.pressed;
    if (!was || event.pointerType === "touch") return;
    const right = event.clientX - was.x, up = was.y - event.clientY;
    if (!was.way) {
      if (Math.hypot(right, up) <= STRAYED) return;
      if (Math.abs(up) >= Math.abs(right)) was.way = "velocity";
      else if (was.hit) was.way = this.told.felt ? "late" : "erase";
      else was.way = "draw";
      was.from = was.way === "late" ? was.cell.late : was.cell.hit;
      was.wide = was.cell.getBoundingClientRect().width;
      if (was.way === "erase") this.paint([[was.cell.row, was.cell.step]], false);
    }
    if (was.way === "velocity" || was.way === "late") {
      const value = was.from + (was.way === "late" ? right / was.wide : up);
      this.shape(was.cell, was.way, value, was.first);
      was.first = false;
      return;
    }
    const cell = this.cellAt(event);
    if (!cell || cell === was.last) return;
    if (was.way === "select") this.select(was.from, cell);
    else this.paint(between(was.last, cell), was.way === "draw");
    was.last = cell;
  },
  up(event) {
    const was = this.pressed;
    this.pressed = null;
    if (!was) return;
    was.cell.focus({ preventScroll: true });
    if (was.way) return;
    // A finger that scrolls sets nothing.
    if (Math.hypot(event.clientX - was.x, event.clientY - was.y) > STRAYED) return;
    if (was.hit || event.pointerType === "touch") this.toggle(was.cell);
  },
  name(event) {
    const name = event.target.closest?.("[data-row]");
    if (!name) return;
    const row = Number(name.dataset.row), row2 = this.cells[row];
    if (name.dataset.act) {
      const voice = this.told.rows[row].voice, on = name.getAttribute("aria-pressed") !== "true";
      this.$emit("voice", { act: name.dataset.act, voice, on });
      return;
    }
    const whole = this.selected && this.selected.rows[0] === row && this.selected.rows[1] === row;
    const from = event.shiftKey && this.selected ? this.anchor : row2[0];
    this.select(whole ? null : from, row2.at(-1));
    row2[this.focus[1]].focus({ preventScroll: true });
  },

  // -- what is asked for --------------------------------------------------------------------------

  toggle(cell) {
    this.pressed = { first: true };
    this.paint([[cell.row, cell.step]], !cell.hit);
    this.pressed = null;
  },
  // Those of these cells [row, step] that are otherwise; shown at once, before the server says so.
  paint(cells, struck) {
    const first = this.pressed?.first ?? true;
    const other = cells.map(([row, step]) => this.cells[row][step]).filter((c) => c.hit > 0 !== struck);
    if (!other.length) return;
    if (this.pressed) this.pressed.first = false;
    this.number += 1;
    this.$el.dataset.asked = this.number;
    for (const cell of other) {
      this.pending.set(cell, this.number);
      cell.hit = struck ? 100 : 0;
      cell.classList.toggle("lt-explore-hit", struck);
      cell.style.setProperty("--lt-loud", 100 / 127);
      cell.state = "";
    }
    const voices = this.told.rows;
    this.$emit("draw", {
      cells: other.map((cell) => [cell.step, voices[cell.row].voice, struck]),
      number: this.number,
      first,
    });
    // While nothing plays it is heard now.
    if (struck && !this.playing) this.sound(voices[other.at(-1).row]);
  },
  sound(entry) {
    const here = window.latentrackSound;
    if (here && sessionStorage.getItem("latentrack sounds here") !== "no") here.preview(...entry.sound);
  },
  shape(cell, along, value, first) {
    const [least, most] = along === "late" ? [-0.5, 0.5] : [1, 127];
    const rounded = along === "late" ? Math.round(100 * value) / 100 : Math.round(value);
    const kept = Math.min(most, Math.max(least, rounded));
    const voice = this.told.rows[cell.row].voice;
    this.shapes.post({ step: cell.step, voice, [along]: kept, first });
  },
  // From one cell to another; null: nothing is selected.
  select(from, to) {
    const before = this.selected;
    this.anchor = from;
    this.selected = from && {
      rows: [Math.min(from.row, to.row), Math.max(from.row, to.row)],
      steps: [Math.min(from.step, to.step), Math.max(from.step, to.step)],
    };
    if (!before && !this.selected) return;
    this.showSelected();
    this.$emit("select", this.selected && {
      first: this.selected.steps[0],
      last: this.selected.steps[1],
      voices: this.told.rows.slice(this.selected.rows[0], this.selected.rows[1] + 1).map((r) => r.voice),
    });
  },
  showSelected() {
    const box = this.frame, area = this.selected;
    box.hidden = !area;
    if (!area) return;
    const one = this.cells[area.rows[0]][area.steps[0]], other = this.cells[area.rows[1]][area.steps[1]];
    box.style.left = `${one.offsetLeft}px`;
    box.style.top = `${one.offsetTop}px`;
    box.style.width = `${other.offsetLeft + other.offsetWidth - one.offsetLeft}px`;
    box.style.height = `${other.offsetTop + other.offsetHeight - one.offsetTop}px`;
  },

  // -- keys ---------------------------------------------------------------------------------------

  entered(event) {
    const cell = this.cellOf(event);
    if (!cell) return;
    this.cells[this.focus[0]][this.focus[1]].tabIndex = -1;
    this.focus = [cell.row, cell.step];
    cell.tabIndex = 0;
  },
  key(event) {
    const cell = this.cellOf(event);
    if (cell && this.act(event, cell)) {
      event.preventDefault();
      event.stopPropagation(); // the space bar plays and stops elsewhere
    }
  },
  // Whether the key means something here.
  act(event, cell) {
    const { key, shiftKey, altKey } = event, ctrl = event.ctrlKey || event.metaKey;
    const voice = this.told.rows[cell.row].voice;
    const told = (act) => this.$emit("act", { act, step: cell.step, voice });
    if (altKey && SHIFTED_BY_KEYS[key]) told(SHIFTED_BY_KEYS[key]);
    else if (altKey) return false;
    else if (ctrl && key === "a") this.select(this.cells[0][0], this.cells.at(-1).at(-1));
    else if (ctrl && ACTS_WITH_CTRL[key]) told(ACTS_WITH_CTRL[key]);
    else if (ctrl && !shiftKey && !["Home", "End"].includes(key)) return false;
    else if (key === "Escape" && this.selected) this.select(null);
    else if (key === "Delete" || key === "Backspace") told("clear");
    else if (key === " " || key === "Enter") this.toggle(cell);
    else if (!ctrl && (ACTS[key] === "mute" || ACTS[key] === "solo")) {
      const on = !(ACTS[key] === "mute" ? this.muted : this.soloed).includes(voice);
      this.$emit("voice", { act: ACTS[key], voice, on });
    } else if (!ctrl && ACTS[key]) told(ACTS[key]);
    else if (shiftKey && !ctrl && SHAPED_BY_KEYS[key]) {
      const [along, more] = SHAPED_BY_KEYS[key];
      if (cell.hit) this.shape(cell, along, (along === "late" ? cell.late : cell.hit) + more, true);
    } else return this.go(key, ctrl, shiftKey && ctrl, cell);
    return true;
  },
  // To another cell; `selecting`: all from where that began.
  go(key, ctrl, selecting, cell) {
    const last = this.told.steps - 1, bottom = this.cells.length - 1;
    let [row, step] = [cell.row, cell.step];
    if (key === "ArrowLeft") step = Math.max(0, step - 1);
    else if (key === "ArrowRight") step = Math.min(last, step + 1);
    else if (key === "ArrowUp") row = Math.max(0, row - 1);
    else if (key === "ArrowDown") row = Math.min(bottom, row + 1);
    else if (key === "Home") [row, step] = [ctrl ? 0 : row, 0];
    else if (key === "End") [row, step] = [ctrl ? bottom : row, last];
    else return false;
    const to = this.cells[row][step];
    if (selecting) this.select(this.anchor ?? cell, to);
    to.focus();
    return true;
  },
};
