"""Whatever goes wrong is one sentence that names the thing and the remedy, and nothing is
half-written, here or on the module. The exit code is 2, and 3 where the module is the trouble."""

from __future__ import annotations

import os
import pty
import tty

import pytest

from latentrack.decoder.metadata import DecoderInfo, attach_info
from latentrack.errors import UserError
from latentrack.module.library import push
from latentrack.module.link import Link
from tests.decoders import WITHOUT_METADATA
from tests.host.decoder.test_operators import convert, dense
from tests.programs import latentrack, mpremote


def refused(*arguments: str, says: tuple[str, ...], code: int = 2) -> None:
    done = latentrack(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("latentrack: "), done.stderr
    for word in says:
        assert word in lines[0], done.stderr


def test_a_file_that_is_no_midi(tmp_path):
    song = tmp_path / "song.mid"
    song.write_text("this is a shopping list")
    refused("dataset", str(song), "-o", str(tmp_path / "out.npz"), says=("song.mid", "MIDI"))
    assert not (tmp_path / "out.npz").exists()


def test_an_empty_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    refused("dataset", str(tmp_path / "empty"), "-o", str(tmp_path / "out.npz"), says=("empty",))
    assert not (tmp_path / "out.npz").exists()


def test_a_folder_that_is_not_there(tmp_path):
    refused("dataset", str(tmp_path / "gone"), "-o", str(tmp_path / "o.npz"), says=("gone",))


def test_training_on_what_is_no_dataset(tmp_path):
    (tmp_path / "notes.npz").write_bytes(b"nothing of the kind")
    refused("train", str(tmp_path / "notes.npz"), "-o", str(tmp_path / "m.tflite"), says=("notes",))
    assert not (tmp_path / "m.tflite").exists()


def test_a_model_that_is_no_model(tmp_path):
    (tmp_path / "m.tflite").write_bytes(os.urandom(5000))
    refused("push", str(tmp_path / "m.tflite"), "--port", "/dev/null", says=("m.tflite",))


def test_a_model_without_metadata(decoders):
    model = decoders / f"{WITHOUT_METADATA}.tflite"
    refused("push", str(model), "--port", "/dev/null", says=(model.name, "metadata"))


def test_a_port_that_is_not_there(drum_model):
    where = "/dev/ttyNOWHERE"
    refused("push", str(drum_model), "--port", where, says=(where, "latentrack"), code=3)
    refused("install", where, says=(where,), code=3)


def test_a_port_where_nobody_answers():
    master, slave = pty.openpty()
    tty.setraw(slave)
    try:
        refused("install", os.ttyname(slave), says=(os.ttyname(slave), "answer"), code=3)
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize("bytes_before", [0, 20_000])
def test_a_module_that_stops_answering(start, drum_model, tmp_path, bytes_before, monkeypatch):
    """The module hangs before or while a model comes; when it wakes the old one still plays."""
    module = start(drum_model)
    other = tmp_path / "other.tflite"
    other.write_bytes(drum_model.read_bytes())

    def hang(sent: int, total: int) -> None:
        if sent >= bytes_before:
            module.freeze()
            # It does not answer, however long one waits.
            monkeypatch.setattr("latentrack.module.link.ANSWER_S", 0.5)

    if bytes_before:
        with Link(module.port) as link, pytest.raises(UserError, match=module.port):
            push(link, other, hang, store=True)
    else:
        module.freeze()
        monkeypatch.setattr("latentrack.module.link.ANSWER_S", 0.5)
        refused("push", str(other), "--port", module.port, says=(module.port, "answer"), code=3)
    module.thaw()
    assert sorted(p.name for p in (module.flash / "models" / "perc").glob("*.tflite")) == [
        drum_model.name
    ]
    done = latentrack("push", "--store", str(other), "--port", module.port)
    assert done.returncode == 0, done.stderr
    assert (module.flash / "models" / "perc" / "other.tflite").read_bytes() == other.read_bytes()


def test_a_kind_of_model_that_no_module_plays(decoders, tmp_path):
    from latentrack.decoder.metadata import DecoderInfo, attach_info

    model = tmp_path / "odd.tflite"
    data = (decoders / f"{WITHOUT_METADATA}.tflite").read_bytes()
    model.write_bytes(attach_info(data, DecoderInfo("quandc", 16, 12, 3)))
    refused("push", str(model), "--port", "/dev/null", says=(model.name, "quandc", "per"))


def test_a_module_without_latentrack(drum_model, tmp_path):
    from latentrack.virtual.module import VirtualModule

    with VirtualModule(tmp_path / "flash") as bare:
        install = ("latentrack install", bare.port)
        refused("push", str(drum_model), "--port", bare.port, says=install, code=3)
        assert list(bare.flash.iterdir()) == []


def test_a_model_that_only_the_module_can_judge(start, drum_model, tmp_path):
    """A whole .tflite with an operator that latentcore lacks: refused there, the old one plays."""
    module = start(drum_model, manual_time=True)
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(with_other_operator(drum_model.read_bytes()))
    refused("push", str(broken), "--port", module.port, says=("broken.tflite", "SOFTMAX"))
    assert sorted(p.name for p in (module.flash / "models" / "perc").iterdir()) == [drum_model.name]
    module.panel.clock(16)
    assert len(module.panel.steps()) == 16
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == drum_model.stem


def with_other_operator(model: bytes) -> bytes:
    """The model with its LOGISTIC made a SOFTMAX, through TensorFlow's own schema."""
    import flatbuffers
    from tensorflow.lite.python import schema_py_generated as schema

    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model))
    for code in tree.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.LOGISTIC:
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.SOFTMAX
    builder = flatbuffers.Builder()
    builder.Finish(tree.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize("killed_at", [512, 20_000, -256], ids=["soon", "halfway", "near the end"])
def test_a_module_that_dies_while_a_model_comes(start, drum_model, tmp_path, killed_at):
    """The power fails after so many bytes: one sentence, and the library holds whole models."""
    module = start(drum_model)
    other = tmp_path / "other.tflite"
    other.write_bytes(drum_model.read_bytes())

    def pull_the_plug(sent: int, total: int) -> None:
        if sent >= killed_at % total:
            module.kill()

    with Link(module.port) as link, pytest.raises(UserError, match=module.port):
        push(link, other, pull_the_plug, store=True)
    library = module.flash / "models" / "perc"
    assert [path.name for path in library.glob("*.tflite")] == [drum_model.name]
    assert (library / drum_model.name).read_bytes() == drum_model.read_bytes()

    done = latentrack("push", "--store", str(other), "--port", module.port)
    assert done.returncode == 0, done.stderr
    assert (library / "other.tflite").read_bytes() == other.read_bytes()
    module.panel.clock(16)
    assert len(module.panel.steps()) == 16


def test_a_model_that_mpremote_brought_is_refused_with_the_way_out(start, drum_model, tmp_path):
    """The module has room for an operator's number only."""
    data = convert(lambda tf, latents: dense(tf.nn.elu(latents), 64))
    file = tmp_path / "curved.tflite"
    file.write_bytes(attach_info(data, DecoderInfo("seqdec", 16, 4, 3)))
    module = start(drum_model)
    mpremote(module, "fs", "cp", str(file), ":/flash/models/perc/curved.tflite")
    for command in (["play", "curved"], ["push", str(file)]):
        done = latentrack(*command, "--port", module.port)
        assert done.returncode == 2, done.stdout
        assert "ELU: use relu, relu6, tanh or sigmoid" in done.stderr
        assert done.stderr.count("\n") == 1
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == drum_model.stem
