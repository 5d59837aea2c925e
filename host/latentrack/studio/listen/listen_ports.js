// The choice of a MIDI port of this browser's computer.

import { midiOut } from "listen_midi_out";

export default {
  template: `
    <div class="lt-listen-ports">
      <label v-if="asked && !wrong">Notes go to
        <select class="lt-listen-select" :value="wanted" @change="choose">
          <option value="">nowhere</option>
          <option v-for="name in names" :key="name" :value="name">{{ name }}</option>
          <option v-if="wanted && !names.includes(wanted)" :value="wanted">
            {{ wanted }} (not there)
          </option>
        </select>
      </label>
      <button v-else-if="offered" type="button" class="lt-listen-button" @click="ask">
        Use a MIDI port of this browser
      </button>
      <div class="lt-muted" role="status">{{ said }}</div>
    </div>`,
  data() {
    return { names: [], asked: false, wrong: "", wanted: midiOut.wanted, offered: midiOut.offered };
  },
  computed: {
    said() {
      if (!this.offered) {
        return "This browser has no MIDI of its own, or gives it only to pages of this computer.";
      }
      if (this.wrong) return this.wrong;
      if (this.asked && !this.names.length) return "This browser sees no MIDI port. Connect one.";
      return "";
    },
  },
  mounted() {
    midiOut.listeners.add(this.show);
    // Who chose a port was asked by the browser then.
    if (midiOut.wanted || midiOut.access) this.ask();
  },
  unmounted() {
    midiOut.listeners.delete(this.show);
  },
  methods: {
    async ask() {
      try {
        await this.show();
        this.wrong = "";
      } catch {
        this.wrong = "The browser does not allow MIDI: allow it beside the address, and try again.";
      }
      this.asked = true;
    },
    async show() {
      this.names = await midiOut.ports();
    },
    choose(event) {
      this.wanted = event.target.value;
      midiOut.choose(this.wanted);
    },
  },
};
