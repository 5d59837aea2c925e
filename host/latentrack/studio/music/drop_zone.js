// Takes what is dropped or chosen and sends it up in batches: see intake.py for their form.
// The work is no part of any component: it goes on while another page of the studio is shown.

import { counted } from "counted";

const BATCH_FILES = 64;
const BATCH_BYTES = 8e6;
const BATCH_NOTES = 400;
const LITTER = /(^|\/)(\.[^/]*|thumbs\.db|desktop\.ini)$/i;

const work = {
  on: false, looking: 0, done: 0, total: 0, sent: 0, size: 0, said: "", wrong: "",
  taken: 0, same: 0, refused: 0, queue: [], request: null, cancelled: false, shown: new Set(),
};

function show() {
  work.shown.forEach((component) => component.$forceUpdate());
}

function suffix(name) {
  const found = /\.[^./\\]+$/.exec(name.toLowerCase());
  return found ? found[0] : "";
}

async function beginsAsMidi(file) {
  try {
    return (await file.slice(0, 4).text()) === "MThd";
  } catch {
    return false;
  }
}

// What is worth sending; of the rest only the name goes up, so that it can be said why not.
async function sorted(file, name, limits) {
  const limit = limits[suffix(name)];
  const sent = limit ? file.size <= limit
    : file.size <= limits[".mid"] && (await beginsAsMidi(file));
  return { file, name, sent };
}

async function walk(entry, found) {
  if (work.cancelled) return;
  if (entry.isFile) {
    const file = await new Promise((good) => entry.file(good, () => good(null)));
    const name = entry.fullPath.replace(/^\//, "");
    found.push({ file: file || new File([], name), name, lost: !file });
    if (++work.looking % 50 === 0) show();
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A folder tells its entries a hundred at a time.
    const some = await new Promise((good) => reader.readEntries(good, () => good([])));
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}

function nextBatch() {
  const batch = [];
  let bytes = 0;
  while (work.queue.length) {
    const one = work.queue[0];
    const whole = one.sent ? one.file.size : 0;
    const full = one.sent ? batch.filter((o) => o.sent).length >= BATCH_FILES
      : batch.length >= BATCH_NOTES;
    if (batch.length && (full || bytes + whole > BATCH_BYTES)) break;
    batch.push(work.queue.shift());
    bytes += whole;
  }
  return batch;
}

function send(batch, url) {
  const last = !work.queue.length && !work.looking;
  const files = batch.map(({ name, file, sent }) => ({ name, size: file.size, sent }));
  const list = new TextEncoder().encode(JSON.stringify({ files, last }));
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, list.length);
  const contents = batch.filter(({ sent }) => sent).map(({ file }) => file);
  const whole = new Blob([length.buffer, list, ...contents]);
  return new Promise((good, bad) => {
    const request = new XMLHttpRequest();
    work.request = request;
    const before = work.sent;
    request.upload.onprogress = ({ loaded }) => {
      work.sent = before + Math.max(0, loaded - list.length - 4);
      show();
    };
    request.onload = () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* no answer of ours */ }
      if (request.status === 200) good(answer);
      else bad(Object.assign(new Error(answer.error || ""), { status: request.status }));
    };
    request.onerror = request.onabort = () => bad(Object.assign(new Error(""), { status: 0 }));
    request.open("POST", (window.path_prefix || "") + url);
    request.send(whole);
  });
}

function count(batch, answer) {
  work.done += batch.length;
  work.taken += answer.taken || 0;
  work.same += answer.same || 0;
  work.refused += answer.refused || 0;
  show();
}

async function sendAll(url) {
  while (work.queue.length && !work.cancelled) {
    const batch = nextBatch();
    const before = work.sent;
    try {
      count(batch, await send(batch, url));
    } catch (error) {
      if (work.cancelled) return;
      if (error.status) throw error;
      // One file that cannot be read any more breaks the whole request: find out which.
      work.sent = before;
      for (const one of batch) {
        if (work.cancelled) return;
        try {
          count([one], await send([one], url));
        } catch (again) {
          if (work.cancelled) return;
          if (again.status || !one.sent) throw again;
          count([one], await send([{ ...one, sent: false }], url));
        }
      }
    }
  }
}

function summary() {
  const parts = [`${counted(work.taken, "file")} taken`];
  if (work.same) parts.push(`${counted(work.same, "file")} here already`);
  if (work.refused) parts.push(`${work.refused.toLocaleString("en-GB")} not taken, see "Left out"`);
  const said = parts.join(", ") + ".";
  return work.cancelled ? `Cancelled. ${said}` : said;
}

async function run(found, url, limits) {
  work.said = work.wrong = "";
  if (!work.on) {
    Object.assign(work, {
      done: 0, total: 0, sent: 0, size: 0, taken: 0, same: 0, refused: 0, cancelled: false,
    });
  }
  for (const { file, name, lost } of found) {
    if (LITTER.test(name)) continue;
    const one = lost ? { file, name, sent: false } : await sorted(file, name, limits);
    work.queue.push(one);
    work.total += 1;
    work.size += one.sent ? file.size : 0;
  }
  work.looking = 0;
  if (work.on) return;  // what is under way sends these, too
  work.on = true;
  show();
  try {
    await sendAll(url);
    const said = summary();
    work.said = said;
    setTimeout(() => {
      if (work.said === said) work.said = "";
      show();
    }, 30000);
  } catch (error) {
    work.wrong = error.message
      || "The studio does not answer: start it again, then drop the files again.";
  }
  work.on = false;
  work.queue = [];
  show();
}

export default {
  // elsewhere: it stands on all pages but the corpus's own, and is seen only while files come.
  template: `
    <div v-if="elsewhere" class="lt-music-elsewhere">
      <div v-if="!off && (work.on || work.said || work.wrong)" class="lt-card lt-music-came">
        <span v-if="work.on" role="status">Adding to the corpus:
          {{ work.done.toLocaleString("en-GB") }} of {{ counted(work.total, "file") }}</span>
        <span v-else-if="work.wrong" role="alert" class="lt-music-wrong">{{ work.wrong }}</span>
        <span v-else role="status">{{ work.said }} <a href="/" @click.prevent="$emit('corpus')">
          Go to Corpus</a></span>
        <button type="button" class="lt-music-way" @click="work.on ? cancel() : close()">
          {{ work.on ? "Cancel" : "Close" }}</button>
      </div>
      <div v-if="over" class="lt-music-over" aria-hidden="true">Drop music here for the corpus</div>
    </div>
    <div v-else class="lt-music-drop" :class="{ over }" role="group" aria-label="Add music">
      <div class="lt-music-ways">
        <button type="button" class="lt-music-way lt-music-way-first"
          @click="$refs.files.click()">Choose files</button>
        <button type="button" class="lt-music-way"
          @click="$refs.folder.click()">Choose a folder</button>
        <slot></slot>
      </div>
      <p class="lt-music-hint">
        <strong>Drop music anywhere on this page.</strong>{{ " " + said }}
      </p>
      <input ref="files" type="file" multiple hidden tabindex="-1" aria-label="Files of music"
        @change="chosen">
      <input ref="folder" type="file" webkitdirectory hidden tabindex="-1"
        aria-label="Folder of music" @change="chosen">
      <div v-if="work.looking && !work.on" class="lt-music-sending" role="status">
        Looking through the folders: {{ work.looking.toLocaleString("en-GB") }} files
      </div>
      <div v-if="work.on" class="lt-music-sending">
        <progress :value="work.share" max="1" aria-label="Files sent"></progress>
        <span role="status">{{ work.done.toLocaleString("en-GB") }} of
          {{ work.total.toLocaleString("en-GB") }} files</span>
        <button type="button" class="lt-music-way" @click="cancel">Cancel</button>
      </div>
      <div v-if="work.said" class="lt-music-sending" role="status">{{ work.said }}</div>
      <div v-if="work.wrong" class="lt-music-sending lt-music-wrong" role="alert">
        {{ work.wrong }}</div>
      <div v-if="over" class="lt-music-over" aria-hidden="true">Drop it here</div>
    </div>`,
  props: { url: String, limits: Object, said: String, elsewhere: Boolean, off: Boolean },
  emits: ["corpus"],
  data: () => ({ over: false, depth: 0 }),
  created() {
    this.work = work;
  },
  mounted() {
    work.shown.add(this);
    this.listeners = {
      dragenter: this.enter, dragleave: this.leave, dragover: this.hover, drop: this.drop,
    };
    Object.entries(this.listeners).forEach(([name, act]) => window.addEventListener(name, act));
    // Also of what another part of the page takes for itself, such as a voice's sound.
    window.addEventListener("drop", this.dropped, true);
  },
  unmounted() {
    work.shown.delete(this);
    Object.entries(this.listeners).forEach(([name, act]) => window.removeEventListener(name, act));
    window.removeEventListener("drop", this.dropped, true);
  },
  methods: {
    counted,
    dropped() {
      this.over = false;
      this.depth = 0;
    },
    close() {
      work.said = work.wrong = "";
      show();
    },
    holdsFiles(event) {
      return !this.off && event.dataTransfer && [...event.dataTransfer.types].includes("Files");
    },
    enter(event) {
      if (this.holdsFiles(event)) this.over = ++this.depth > 0;
    },
    leave(event) {
      if (this.holdsFiles(event)) this.over = --this.depth > 0;
    },
    hover(event) {
      // Without this the browser opens the file instead of the page.
      if (this.holdsFiles(event)) event.preventDefault();
    },
    async drop(event) {
      if (!this.holdsFiles(event)) return;
      event.preventDefault();
      // Both lists are empty as soon as this function waits for something.
      const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
      const entries = items.map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry());
      const files = items.map((item) => item.getAsFile());
      const found = [];
      for (let i = 0; i < items.length; i++) {
        if (entries[i]) await walk(entries[i], found);
        else if (files[i]) found.push({ file: files[i], name: files[i].name });
      }
      await run(found, this.url, this.limits);
    },
    async chosen(event) {
      const found = [...event.target.files].map((file) => (
        { file, name: file.webkitRelativePath || file.name }));
      await run(found, this.url, this.limits);
      event.target.value = "";  // the same file can be chosen again
    },
    cancel() {
      work.cancelled = true;
      if (work.request) work.request.abort();
    },
  },
};

Object.defineProperty(work, "share", {
  get: () => (work.size ? work.sent / work.size : work.total ? work.done / work.total : 0),
});
