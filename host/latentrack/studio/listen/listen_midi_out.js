// Notes go to MIDI ports of this browser's computer, which need not be the studio's: Web MIDI, where
// the browser has it.

const GATE = 0.8; // length of a note as a share of the step, or of how long it is held
const REMEMBERED = "latentrack midi goes to";
const NOTE_ON = 0x90;
const NOTE_OFF = 0x80;
const CONTROL = 0xb0;
const ALL_NOTES_OFF = 123;

class MidiOut {
  constructor() {
    this.access = null;
    this.wanted = localStorage.getItem(REMEMBERED) || "";
    this.listeners = new Set(); // called when ports come or go
    this.used = new Set(); // channels that notes were sent on
  }

  get offered() {
    return "requestMIDIAccess" in navigator;
  }

  // The names of the ports; asks the browser, which may ask the person.
  async ports() {
    if (!this.offered) return [];
    if (this.access === null) {
      this.access = await navigator.requestMIDIAccess();
      this.access.onstatechange = () => this.listeners.forEach((tell) => tell());
    }
    return [...new Set([...this.access.outputs.values()].map((port) => port.name))];
  }

  choose(name) {
    this.halt();
    this.wanted = name;
    localStorage.setItem(REMEMBERED, name);
  }

  get port() {
    if (!this.wanted || this.access === null) return null;
    return [...this.access.outputs.values()].find((port) => port.name === this.wanted) ?? null;
  }

  // time: of the step, in seconds of the page's clock.  hits: as the sound has them.
  step(time, hits, channelOfNotes) {
    const { port } = this;
    if (!port) return;
    for (const [, , velocity, after, held, pitch, channel] of hits) {
      const on = channel < 0 ? channelOfNotes : channel;
      const at = 1000 * (time + after);
      this.used.add(on);
      port.send([NOTE_ON | on, pitch, velocity], at);
      port.send([NOTE_OFF | on, pitch, 0], at + 1000 * GATE * held);
    }
  }

  halt() {
    const { port } = this;
    if (port) for (const channel of this.used) port.send([CONTROL | channel, ALL_NOTES_OFF, 0]);
    this.used.clear();
  }
}

window.latentrackMidiOut ??= new MidiOut();
export const midiOut = window.latentrackMidiOut;
