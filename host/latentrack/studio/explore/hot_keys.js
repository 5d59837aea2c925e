// Keys for the whole page: 1 to 8 recall a slot (with Shift: keep what plays there), X exchanges A
// and B. Where somebody types they are letters.
const TYPED = "input:not([type=range]), textarea, select, [contenteditable], [role=combobox], [role=listbox]";

export default {
  template: `<span hidden></span>`,
  mounted() {
    this.keys = (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      if (event.target.closest?.(TYPED)) return;
      const digit = /^(?:Digit|Numpad)([1-8])$/.exec(event.code);
      if (digit) this.$emit("slot", { index: Number(digit[1]) - 1, keep: event.shiftKey });
      else if (event.code === "KeyX" && !event.shiftKey) this.$emit("exchange");
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", this.keys);
  },
  unmounted() {
    window.removeEventListener("keydown", this.keys);
  },
};
