// What both components of the page need: bytes from text, and messages that never pile up.

/** Base64 as bytes. */
export function bytes(text) {
  const raw = atob(text);
  const found = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) found[i] = raw.charCodeAt(i);
  return found;
}

/**
 * Sends one message at a time: the next is sent when the answer to the last has come, and is then
 * the newest there is. So a slow computer shows fewer positions, but none of them late.
 */
export class OneInFlight {
  constructor(send) {
    this.send = send;
    this.flying = false;
    this.waiting = undefined;
  }
  post(message) {
    if (this.flying) {
      // What must be done first (undo leads back to before a gesture) is not lost.
      this.waiting = this.waiting?.first ? { ...message, first: true } : message;
      return;
    }
    this.flying = true;
    // An answer may be lost when the connection is.
    this.timer = setTimeout(() => this.answered(), 1000);
    this.send(message);
  }
  answered() {
    clearTimeout(this.timer);
    this.flying = false;
    if (this.waiting !== undefined) {
      const message = this.waiting;
      this.waiting = undefined;
      this.post(message);
    }
  }
  get idle() {
    return !this.flying && this.waiting === undefined;
  }
}
