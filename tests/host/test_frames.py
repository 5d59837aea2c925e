"""Frames among noise, cut anywhere, damaged anywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from latentrack.module.frames import Frame, Reader

frames = st.builds(
    Frame,
    st.sampled_from("RAPENB"),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF),
    st.binary(max_size=300),
)


@given(
    st.lists(frames, max_size=5),
    st.lists(st.binary(max_size=30), min_size=6, max_size=6),
    st.integers(1, 50),
)
def test_frames_come_whole_out_of_pieces_and_noise(sent, noises, piece):
    # Noise without the first byte of a frame: what a module prints is text.
    noises = [noise.replace(b"\xf5", b"-") for noise in noises]
    stream = noises[0]
    for frame, noise in zip(sent, noises[1:], strict=False):
        stream += frame.encode() + noise
    reader, found = Reader(), []
    for at in range(0, len(stream), piece):
        found += reader.feed(stream[at : at + piece])
    assert found == sent
    assert bytes(reader.rest) == noises[0] + b"".join(noises[1 : 1 + len(sent)])


@given(frames, st.data())
def test_a_damaged_frame_is_none_and_the_next_one_is(frame, data):
    encoded = bytearray(frame.encode())
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    after = Frame("A", 1, 2, b"after")
    reader = Reader()
    # Enough behind it that a damaged length is known for what it is.
    found = list(reader.feed(bytes(encoded) + after.encode() + bytes(70_000)))
    assert found == [after]
