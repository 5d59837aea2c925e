"""The instruction counts stay within their goals (they are exact; no clock can make this fail)."""

import sys

from tests.firmware.tflite_c import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import decoder  # noqa: E402

# See benchmarks/decoder.py.
OUT_OF_REACH = {
    "m7.drum_f16.pattern",
    "m7.drum_int8.pattern",
    "m7.clock_edge_performed",
    "ram.note_f32",
}


def test_counts_on_the_emulated_m7_stay_within_their_goals(pio, tmp_path, monkeypatch):
    monkeypatch.setenv("PLATFORMIO_BUILD_DIR", str(pio.build_folder))
    with pio.lock:
        results = decoder.measure(tmp_path)
    missed = {result.name for result in results if not result.met}
    assert missed <= OUT_OF_REACH
    counts = {result.name: result.value for result in results}
    assert counts["m7.drum_f16.pattern"] <= 1.7 * counts["m7.drum_f32.pattern"]
    assert counts["m7.clock_edge_performed"] <= 1_100
    assert counts["m7.drum_int8.pattern"] <= 75_000
    assert counts["ram.note_f32"] <= 11_264
