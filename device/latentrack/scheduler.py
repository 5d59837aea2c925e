"""Work that must not come in the midst of a frame: it is done where frames are done."""

import time

import micropython

_PATIENCE_MS = 2000


def on_scheduler(work):
    """What `work` returns, or raises, when MicroPython's scheduler calls it.

    RuntimeError: nothing is called there any more, so frames have stopped too.
    """
    done = []

    def run(_):
        try:
            done.append((work(), None))
        except BaseException as error:
            done.append((None, error))

    micropython.schedule(run, None)
    since = time.ticks_ms()
    while not done:
        time.sleep_ms(1)
        if time.ticks_diff(time.ticks_ms(), since) > _PATIENCE_MS:
            raise RuntimeError("the frames have stopped")
    answer, error = done[0]
    if error is not None:
        raise error
    return answer
