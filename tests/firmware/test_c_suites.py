"""The C tests of firmware/test, by PlatformIO, on this computer and on the emulated Cortex-M7."""

import pytest

from tests.firmware.tflite_c import ROOT

SUITES = sorted(folder.name for folder in (ROOT / "firmware" / "test").glob("test_*/"))


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("environment", ["native", "m7"])
def test_c_tests_pass(environment, suite, pio):
    result = pio("test", "-e", environment, "-f", suite)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{environment}:{suite} [PASSED]" in result.stdout
