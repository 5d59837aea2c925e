// The voices, each to be heard alone, and to be given a sound of one's own: by dropping a sound file
// on it, or by the button beside it.

import { sound } from "listen_sound";

export default {
  // voices: {name, sound, hertz, own: whether it has a sound of one's own}.  url: where those go.
  props: { voices: Array, url: String },
  template: `
    <ul class="lt-listen-voices" aria-label="Voices">
      <li v-for="voice in voices" :key="voice.name" class="lt-listen-voice"
        :class="{ own: voice.own, over: over === voice.name }"
        @dragover.prevent.stop="over = voice.name" @dragleave="over = ''"
        @drop.prevent.stop="dropped($event, voice)">
        <button type="button" class="lt-listen-hear" @click="hear(voice)"
          :title="'Hear ' + voice.name">{{ voice.name }}</button>
        <button v-if="voice.own" type="button" class="lt-listen-mini" @click="remove(voice)"
          :aria-label="'Take your sound off ' + voice.name" title="Take your sound off">×</button>
        <button v-else type="button" class="lt-listen-mini" @click="pick(voice)"
          :aria-label="'A sound of your own for ' + voice.name"
          title="A sound of your own">+</button>
      </li>
    </ul>
    <input ref="file" type="file" hidden accept="audio/*,.wav,.aif,.aiff,.flac" @change="picked">
    <div class="lt-listen-said" :class="{ wrong }" role="status">{{ said }}</div>`,
  data() {
    return { over: "", said: "", wrong: false, for: null };
  },
  methods: {
    hear(voice) {
      sound.preview(voice.sound, voice.hertz);
    },
    remove(voice) {
      this.say("");
      this.$emit("remove", voice.name);
    },
    pick(voice) {
      this.for = voice;
      this.$refs.file.value = "";
      this.$refs.file.click();
    },
    picked(event) {
      this.send(this.for, event.target.files[0]);
    },
    dropped(event, voice) {
      this.over = "";
      this.send(voice, event.dataTransfer.files[0]);
    },
    async send(voice, file) {
      if (!file) return;
      this.say(`Reading ${file.name} …`);
      const query = new URLSearchParams({ voice: voice.name, name: file.name });
      try {
        const answer = await fetch(`${this.url}?${query}`, { method: "POST", body: file });
        if (answer.ok) this.say(`${voice.name} sounds as ${file.name}.`);
        else this.say((await answer.json()).error, true);
      } catch {
        this.say(`${file.name} could not be read: is the studio still running?`, true);
      }
    },
    say(text, wrong = false) {
      this.said = text;
      this.wrong = wrong;
    },
  },
};
