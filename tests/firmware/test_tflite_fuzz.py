"""A short run of the fuzz targets, the same inputs every time; `make fuzz` runs them for long."""

import importlib.util
import shutil

import pytest

from tests.firmware.tflite_c import ROOT

spec = importlib.util.spec_from_file_location("fuzz_run", ROOT / "firmware" / "fuzz" / "run.py")
fuzz_run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fuzz_run)

RUNS = 20_000


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seeds")
    fuzz_run.write_seeds(folder)
    assert list(folder.iterdir())
    return folder


@pytest.mark.skipif(
    shutil.which("clang") is None,
    reason="clang is missing: apt install clang libclang-rt-dev",
)
@pytest.mark.parametrize("target", fuzz_run.TARGETS)
def test_no_fault_is_found(target, seeds, tmp_path, figures):
    program = fuzz_run.build(target, tmp_path)
    result = fuzz_run.fuzz(program, seeds, tmp_path / "found", f"-runs={RUNS}", "-seed=1")
    assert result.returncode == 0, result.stderr[-5000:]
    counts = [line for line in result.stderr.splitlines() if "number_of_executed" in line]
    assert int(counts[0].split()[-1]) >= RUNS
    figures.append(f"{'fuzz ' + target:<24}{RUNS:,} inputs, no fault")
