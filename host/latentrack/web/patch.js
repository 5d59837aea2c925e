// Which sound each output jack plays, and how loud (host/latentrack/sound/patch.py says why).
const GROUPS = ["kick", "snare", "tom", "closed hat", "ride"];
const NOTES = 4; // pairs of a trigger (from jack 0) and a pitch (from jack 4)
const SOFTEST = 0.35;
const PLAIN = 0.75;
const MOST_RATE = 8;
/** Sounds as they are rendered, once: name, frequency in Hz, seconds. */
export const SOUNDS = [
  ["kick", 0, 0.5], ["snare", 0, 0.4], ["tom", 110, 0.5], ["closed hat", 0, 0.15], ["ride", 0, 1],
  ["note", 261.63, 0.5], ["pluck", 261.63, 0.4],
];

/** The hit that a gate at a jack is, or null; kind and groups are the model's. */
export function hitAt(jack, volts, { kind, groups }, board) {
  if (!kind.startsWith("per")) {
    const rhythm = kind.startsWith("rhy");
    const pitch = rhythm ? (jack === 0 ? 1 : null) : jack < NOTES ? jack + NOTES : null;
    if (pitch === null) return null;
    const rate = Math.min(2 ** (Math.round(12 * volts[pitch]) / 12), MOST_RATE);
    return { sound: rhythm ? "pluck" : "note", rate, level: PLAIN };
  }
  const group = board.drumJacks.indexOf(jack);
  if (group < 0 || group >= Math.min(groups.length, GROUPS.length)) return null;
  let level = PLAIN;
  if (groups[group] > 1) {
    const accents = groups.slice(0, group).filter((size) => size > 1).length;
    const accent = volts[board.drumJacks[GROUPS.length + accents]];
    if (accent !== undefined) {
      const share = Math.min(Math.max(accent / board.accentVolts, 0), 1);
      level = SOFTEST + (1 - SOFTEST) * share;
    }
  }
  return { sound: GROUPS[group], rate: 1, level };
}
