// Numbers from -1 to 1, the same ones each time.
export function dice(state = 22222) {
  // Park and Miller's generator, "Random number generators: good ones are hard to find", 1988.
  return () => {
    state = (state * 48271) % 2147483647;
    return (state / 2147483647) * 2 - 1;
  };
}
