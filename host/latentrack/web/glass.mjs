// An ST7735 and its 160 x 80 glass, the "red tab": pixels from the bytes that are sent over SPI.
// The twin of host/latentrack/virtual/display.py, which says where all this comes from.

export const WIDTH = 160;
export const HEIGHT = 80;
const [ROWS, COLUMNS] = [162, 132];
const [FIRST_ROW, FIRST_COLUMN] = [0, 28];
const [RESET, SLEEP, WAKE, PLAIN, INVERTED] = [0x01, 0x10, 0x11, 0x20, 0x21];
const [OFF, ON, SET_COLUMNS, SET_ROWS, WRITE] = [0x28, 0x29, 0x2a, 0x2b, 0x2c];
const [ORDER, PIXEL_FORMAT] = [0x36, 0x3a];
const [ROWS_BACKWARDS, COLUMNS_BACKWARDS, EXCHANGED, BLUE_FIRST] = [0x80, 0x40, 0x20, 0x08];
const RGB565 = 5;

/** The display: `command` and `data` take bytes, `image` gives the picture. */
export class Glass {
  constructor() {
    this.memory = new Uint16Array(ROWS * COLUMNS);
    /** How often something has changed that is seen. */
    this.changes = 0;
    this.reset();
  }

  reset() {
    this.awake = this.on = this.inverted = false;
    this.order = 0;
    this.format = 6;
    this.x = [0, COLUMNS - 1];
    this.y = [0, ROWS - 1];
    this.sent = 0;
    this.given = [];
    this.at = 0;
    this.changes++;
  }

  command(byte) {
    this.sent = byte;
    this.given = [];
    this.at = 0;
    this.changes++;
    if (byte === RESET) this.reset();
    else if (byte === SLEEP || byte === WAKE) this.awake = byte === WAKE;
    else if (byte === PLAIN || byte === INVERTED) this.inverted = byte === INVERTED;
    else if (byte === OFF || byte === ON) this.on = byte === ON;
  }

  data(byte) {
    this.given.push(byte);
    const exchanged = this.order & EXCHANGED;
    if (this.sent === WRITE) {
      if (this.given.length === 2) {
        this.pixel((this.given[0] << 8) | this.given[1]);
        this.given = [];
      }
    } else if (this.sent === SET_COLUMNS && this.given.length === 4) {
      this.x = this.span(exchanged ? ROWS : COLUMNS);
    } else if (this.sent === SET_ROWS && this.given.length === 4) {
      this.y = this.span(exchanged ? COLUMNS : ROWS);
    } else if (this.sent === ORDER && this.given.length === 1) {
      this.order = byte;
    } else if (this.sent === PIXEL_FORMAT && this.given.length === 1) {
      this.format = byte & 7;
    }
  }

  span(size) {
    const [a, b, c, d] = this.given;
    const [first, last] = [(a << 8) | b, (c << 8) | d];
    return first <= last && last < size ? [first, last] : [0, size - 1];
  }

  pixel(colour) {
    if (this.format !== RGB565) return;
    const width = this.x[1] - this.x[0] + 1;
    const height = this.y[1] - this.y[0] + 1;
    const x = this.x[0] + (this.at % width);
    const y = this.y[0] + Math.floor(this.at / width);
    // The address counter wraps around at the end of the window.
    this.at = (this.at + 1) % (width * height);
    let [row, column] = this.order & EXCHANGED ? [x, y] : [y, x];
    if (this.order & COLUMNS_BACKWARDS) column = COLUMNS - 1 - column;
    if (this.order & ROWS_BACKWARDS) row = ROWS - 1 - row;
    this.memory[row * COLUMNS + column] = colour;
    this.changes++;
  }

  /** The picture: 80 lines of 160 pixels of red, green, blue and 255; black while it is off. */
  image() {
    const image = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
    const lit = this.awake && this.on;
    for (let y = 0, to = 0; y < HEIGHT; y++) {
      const column = FIRST_COLUMN + HEIGHT - 1 - y;
      for (let x = 0; x < WIDTH; x++, to += 4) {
        let colour = lit ? this.memory[(FIRST_ROW + x) * COLUMNS + column] : 0;
        if (lit && this.inverted) colour = ~colour & 0xffff;
        const [high, green, low] = [colour >> 11, (colour >> 5) & 0x3f, colour & 0x1f];
        const [red, blue] = this.order & BLUE_FIRST ? [high, low] : [low, high];
        image[to] = (red << 3) | (red >> 2);
        image[to + 1] = (green << 2) | (green >> 4);
        image[to + 2] = (blue << 3) | (blue >> 2);
        image[to + 3] = 255;
      }
    }
    return image;
  }
}
