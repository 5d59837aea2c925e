"""Reads the results of the C tests, which are written as Unity writes them (test/check.h)."""

from platformio.test.runners.unity import UnityTestRunner


class CustomTestRunner(UnityTestRunner):
    """Unity's reader without Unity itself, which would be downloaded."""

    EXTRA_LIB_DEPS = None

    def configure_build_env(self, env):
        """No generated configuration is needed."""
        return env
