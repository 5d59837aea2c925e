"""The stand-ins of tests.decoders are like the models that they stand in for."""

import numpy as np
import pytest

from latentrack.decoder.litert import Decoder
from latentrack.errors import UserError
from tests.decoders import CHORALES, DRUMS, WIDE, WITHOUT_METADATA, write_stand_ins


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stand_ins")
    write_stand_ins(folder)
    return folder


@pytest.mark.parametrize("name", [DRUMS, CHORALES, WIDE])
def test_a_stand_in_has_the_shape_and_the_density_of_its_original(stand_ins, shared_data, name):
    original = Decoder(shared_data / "decoders" / f"{name}.tflite")
    stand_in = Decoder(stand_ins / f"{name}.tflite")
    assert stand_in.info == original.info
    assert stand_in.latents == original.latents
    places = np.random.default_rng(0).uniform(-3, 3, (200, 3))
    ours, theirs = stand_in.decode(places), original.decode(places)
    for threshold in (0.02, 0.1):
        assert 0.4 < (ours > threshold).mean() / (theirs > threshold).mean() < 2.5


def test_one_of_them_says_nothing_of_itself(stand_ins):
    with pytest.raises(UserError, match="without metadata"):
        Decoder(stand_ins / f"{WITHOUT_METADATA}.tflite")
