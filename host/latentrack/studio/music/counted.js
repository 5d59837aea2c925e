// A number with its noun: "1 file", "2,100 files".

export function counted(number, one) {
  return `${number.toLocaleString("en-GB")} ${one}${number === 1 ? "" : "s"}`;
}
