"""A frame may come between any two steps of what the prompt does, and do the same work.

Where it would come, a function that both call lets a whole frame's share run first, once.
"""

from __future__ import annotations

import pytest

from tests.decoders import CHORALES, DRUMS

FRAME_FIRST = """
def _first(work):
    cls, plain = type(instrument), type(instrument).clocked_recently
    def once(self):
        cls.clocked_recently = plain
        work()
        return plain(self)
    cls.clocked_recently = once
"""


@pytest.fixture
def module(rig):
    module = rig(DRUMS, CHORALES)
    module.link.run(FRAME_FIRST)
    return module


def test_what_plays_is_written_down_where_a_frame_has_just_done_so(module):
    module.link.run("_first(library.refresh)")
    assert module.get(f"library.remember({CHORALES!r}, 0)") is None
    playing = module.module.flash / "models" / "playing.txt"
    assert playing.read_text() == CHORALES


def test_what_a_frame_chooses_meanwhile_is_written_too(module):
    module.link.run(
        "import latentrack.library as _l\n_store = _l.files.store\n"
        "def _slow(*given):\n"
        "    _l.files.store = _store\n"
        f"    library.remember({DRUMS!r}, 1)\n"  # as a button does in a frame
        "    return _store(*given)\n"
        "_l.files.store = _slow"
    )
    assert module.get(f"library.remember({CHORALES!r}, 0)") is None
    module.link.run("library.refresh()")
    playing = module.module.flash / "models" / "playing.txt"
    assert playing.read_text().split() == [CHORALES, DRUMS]


def test_a_text_is_written_where_a_frame_has_just_written_it(module):
    module.link.run(
        "instrument.clocked_recently()\n_first(instrument.storage.frame)\n"
        "instrument.storage.write('/flash/note.txt', 'hello', True)"
    )
    assert module.get("instrument.storage.read('/flash/note.txt')") == "hello"
    assert not module.get("instrument.storage.waits('/flash/note.txt')")


def test_a_model_is_read_again_where_a_frame_has_just_released_it(module):
    size = (module.module.flash / "models" / "perc" / f"{DRUMS}.tflite").stat().st_size
    module.link.run(
        "from latentrack.arena import Block\n"
        f"_gone = Block(memoryview(bytearray({size})))\n_gone.release()\n"
        "_cls = type(track)\n_files = _cls.files\n_cls.files = lambda self: [_gone]\n"
        f"library.play({DRUMS!r}, track=1)\n_cls.files = _files"
    )
    assert module.get("tracks[1].model.name") == DRUMS and module.get("_gone.holders") == 0


def test_code_is_stored_where_a_frame_has_just_stored_it(module):
    module.link.run("from latentrack import live\ninstrument.unwritten_code = {}\nlive.store_one()")


def test_no_frame_comes_while_latentcore_is_told_what_a_track_plays(module):
    """It could play another model, and what is told next would not fit."""
    module.link.run(
        "import time\nfrom latentrack import voicing\n_plain, _passed = voicing.apply_chances, []\n"
        "def _slow(track, now):\n"
        "    before = instrument.frames\n"
        "    time.sleep_ms(60)\n"
        "    _passed.append(instrument.frames - before)\n"
        "    _plain(track, now)\n"
        "voicing.apply_chances = _slow\n"
        # A frame between the two lines does the work itself; at some tries there is none.
        "for _i in range(10):\n"
        "    track.chance1 = _i / 20\n"
        "    track.refresh()\n"
        "voicing.apply_chances = _plain"
    )
    passed = module.get("_passed")
    assert len(passed) >= 10 and not any(passed)
    module.frames()
