// A slider with its name and its number: the browser's own, which keyboards and readers know.
import { OneInFlight } from "one_in_flight";

export default {
  template: `
    <label class="lt-explore-slider" :title="about">
      <span>{{ name }}</span>
      <input type="range" :min="low" :max="high" :step="step" :aria-label="name" :value="now"
        @input="turned(Number($event.target.value))">
      <output>{{ now.toFixed(step < 1 ? 2 : 0) }}{{ unit }}</output>
    </label>`,
  props: { name: String, low: Number, high: Number, step: Number, about: String, unit: String, start: Number },
  data() {
    return { now: this.start };
  },
  created() {
    this.values = new OneInFlight((value) => this.$emit("turn", value));
  },
  mounted() {
    this.$emit("ready");
  },
  methods: {
    turned(value) {
      this.now = value;
      this.values.post(value);
    },
    // answer: to the last value that was sent.
    setValue(value, answer) {
      if (answer) this.values.answered();
      if (this.values.idle) this.now = value;
    },
  },
};
