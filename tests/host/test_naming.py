"""Names on the module: readable ASCII, one a title, whatever order models come in."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentrack.decoder.metadata import attach_info, read_extras, read_info, read_title, with_title
from latentrack.module import library, naming
from latentrack.module.files import FileEntry

PERC, NOTES = "/flash/models/perc", "/flash/models/notes"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("funk", "funk"),
        ("dub_2-b", "dub_2-b"),
        ("funk groove (1)", "funk_groove_1"),
        ("Größe", "Grosse"),
        ("Ærø", "Aero"),
        ("şarkı", "sarki"),
        ("Ударные", "Udarnye"),
        ("ночь", "noch"),
        ("Ρυθμός", "Rythmos"),
        ("よる", "yoru"),
        ("드럼", "DeuLeom"),
        ("...", "model"),
        ("\U000e0001", "model"),
    ],
)
def test_a_name_is_readable_ascii(title, name):
    assert naming.plain_name(title) == name


def test_two_ways_to_write_a_character_are_one_title():
    apart = unicodedata.normalize("NFD", "Größe パン")
    assert apart != "Größe パン"
    assert naming.title_of(Path(f"{apart}.tflite")) == "Größe パン"


def test_a_file_name_that_is_not_utf_8_is_read_as_latin_1(tmp_path):
    for raw in (b"Gr\xf6\xdfe.tflite", b"Gr\xe4\xdfe.tflite"):
        (tmp_path / raw.decode("utf-8", "surrogateescape")).touch()
    assert {naming.title_of(file) for file in tmp_path.iterdir()} == {"Größe", "Gräße"}


def placed(titles, there=None):
    """Names by title, all in one folder; `there`: titles on the module by name."""
    paths = {f"{PERC}/{name}.tflite": title for name, title in (there or {}).items()}
    names = naming.place({title: [PERC] for title in titles}, paths, paths.__getitem__)
    return {title: name for (_, title), name in names.items()}


def test_titles_that_would_meet_get_numbers_in_the_alphabets_order():
    assert placed(["叶", "夜"]) == {"叶": "Ye", "夜": "Ye_2"}
    assert placed(["夜", "叶"]) == {"叶": "Ye", "夜": "Ye_2"}


def test_what_needs_no_transliteration_keeps_its_name():
    assert placed(["Größe", "Grosse"]) == {"Grosse": "Grosse", "Größe": "Grosse_2"}
    assert placed(["叶", "夜", "Ye_2"]) == {"叶": "Ye", "夜": "Ye_3", "Ye_2": "Ye_2"}


def test_a_title_stays_where_it_is_on_the_module():
    there = {"Ye": "夜", "Ye_2": "叶"}
    assert placed(["叶", "夜"], there) == {"夜": "Ye", "叶": "Ye_2"}
    assert placed(["叶"], {"Ye_2": "叶"}) == {"叶": "Ye_2"}
    assert placed(["Grosse"], {"Grosse": "Größe"}) == {"Grosse": "Grosse_2"}
    assert placed(["也"], there) == {"也": "Ye_3"}


def test_kinds_share_no_name_but_for_one_title():
    """The module is told names without their folder."""
    there = {f"{PERC}/Ye.tflite": "夜"}
    other = naming.place({"叶": [NOTES]}, there, there.__getitem__)
    assert other == {(NOTES, "叶"): "Ye_2"}
    same = naming.place({"夜": [NOTES]}, there, there.__getitem__)
    assert same == {(NOTES, "夜"): "Ye"}


@settings(max_examples=200)
@given(
    st.lists(st.text(min_size=1, max_size=120), min_size=1, max_size=8, unique=True),
    st.data(),
)
def test_any_titles_are_told_apart_and_found_again(titles, data):
    titles = list(dict.fromkeys(map(naming.clean_title, titles)))
    there: dict[str, str] = {}
    for title in data.draw(st.permutations(titles)):
        (name,) = placed([title], there).values()
        assert name not in there and name.isascii() and len(name) <= 103
        assert all(letter.isalnum() or letter in "_-" for letter in name)
        there[name] = title
    assert placed(titles, there) == {title: name for name, title in there.items()}


def test_a_model_file_says_its_title_and_plays_as_before(drum_model):
    from latentrack.decoder.litert import Decoder

    data = drum_model.read_bytes()
    assert read_title(data) == ""
    named = with_title(data, "夜 xen:perdec")
    assert read_title(named) == read_title(named[:4096]) == "夜 xen:perdec"
    assert with_title(named, "夜 xen:perdec") is named
    # What takes the first xen: of the file, as the reference's firmware does, finds the metadata.
    at = named.index(b"xen:")
    assert named[at : at + 18] == data[data.index(b"xen:") :][:18]
    assert read_info(named) == read_info(data) and read_extras(named) == read_extras(data)
    place = [[0.5, -1.0, 2.0]]
    assert (Decoder(named).decode(place) == Decoder(data).decode(place)).all()
    again = with_title(named, "Ударные")
    assert read_title(again) == "Ударные"
    assert read_title(with_title(again, "")) == ""
    # A model that gets its metadata is a new one.
    assert read_title(attach_info(named, read_info(named))) == ""


def test_a_damaged_title_is_none(drum_model):
    named = with_title(drum_model.read_bytes(), "夜")
    for cut in range(0, 400, 7):
        assert read_title(named[:cut]) in ("", "夜")
    at = named.index("夜".encode()) - 4
    assert read_title(named[:at] + b"\xff\xff\xff\x7f" + named[at + 4 :]) == ""


@pytest.fixture
def folder(drum_model, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    drums = drum_model.read_bytes()
    for title in ("夜", "叶", "Größe", "Grosse", "funk"):
        data = attach_info(drums, read_info(drums), f"made for {title}")
        (folder / f"{title}.tflite").write_bytes(data)
    return folder


def synced(folder, there):
    """What `sync` makes of a library of bytes by path, and how often it had to ask for a title."""
    asked = []

    def title_at(path):
        asked.append(path)
        return read_title(there[path]) or Path(path).stem

    entries = {path: FileEntry(len(data), _sha256(data)) for path, data in there.items()}
    made = library.plan(library.models_in(folder)[0], entries, title_at)
    there.update({path: model.data for path, model in made.to_send.items()})
    return made, asked


def _sha256(data):
    import hashlib

    return hashlib.sha256(data).hexdigest()


def test_a_folder_goes_to_the_same_places_each_time(folder):
    there: dict[str, bytes] = {}
    made, _ = synced(folder, there)
    assert len(made.new) == 5
    assert {path.removeprefix(f"{PERC}/"): read_title(data) for path, data in there.items()} == {
        "Ye.tflite": "叶",
        "Ye_2.tflite": "夜",
        "Grosse.tflite": "",
        "Grosse_2.tflite": "Größe",
        "funk.tflite": "",
    }
    # What needs no title is sent as it is, and the same is not asked for.
    assert there[f"{PERC}/funk.tflite"] == (folder / "funk.tflite").read_bytes()
    made, asked = synced(folder, there)
    assert len(made.same) == 5 and not made.to_send and not made.gone and not asked
    # One goes, another comes that would meet the one that is left.
    (folder / "叶.tflite").rename(folder / "爷.tflite")
    made, _ = synced(folder, there)
    assert list(made.new) == [f"{PERC}/Ye_3.tflite"] and list(made.gone) == [f"{PERC}/Ye.tflite"]
    assert len(made.same) == 4


def test_what_is_pulled_has_its_own_names_again(folder, tmp_path):
    there: dict[str, bytes] = {}
    synced(folder, there)

    def title_at(path):
        return read_title(there[path]) or Path(path).stem

    pulled = tmp_path / "pulled"
    for path, name in library.files_for(there, title_at).items():
        (pulled / name).parent.mkdir(parents=True, exist_ok=True)
        (pulled / name).write_bytes(there[path])
    names = {file.relative_to(pulled).as_posix() for file in pulled.rglob("*.tflite")}
    assert names == {f"perc/{t}.tflite" for t in ("夜", "叶", "Größe", "Grosse", "funk")}
    made, _ = synced(pulled, there)
    assert len(made.same) == 5 and not made.to_send and not made.gone


def test_what_mpremote_fetched_is_known_by_its_title(folder, tmp_path):
    """Under its name on the module; so is what a backup's zip unpacks to."""
    there: dict[str, bytes] = {}
    synced(folder, there)
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    for path, data in there.items():
        (fetched / Path(path).name).write_bytes(data)
    made, _ = synced(fetched, there)
    assert len(made.same) == 5 and not made.to_send and not made.gone
    # Under any other name it is another model.
    (fetched / "Ye_2.tflite").rename(fetched / "night.tflite")
    made, _ = synced(fetched, there)
    assert list(made.new) == [f"{PERC}/night.tflite"]
    assert read_title(there[f"{PERC}/night.tflite"]) == ""


def test_titles_from_a_module_are_no_paths(tmp_path):
    titles = {
        f"{PERC}/a.tflite": "../../a",
        f"{PERC}/b.tflite": "/etc/b",
        f"{PERC}/c.tflite": "long" * 100,
        f"{PERC}/d.tflite": "same",
        f"{PERC}/e.tflite": "Same",
        f"{PERC}/f.tflite": "a",
    }
    names = library.files_for(titles, titles.__getitem__)
    assert len(set(names.values())) == len(titles)
    assert all(Path(name).parent == Path("perc") for name in names.values())
    assert names[f"{PERC}/d.tflite"] == "perc/same.tflite"
    assert names[f"{PERC}/e.tflite"] == "perc/e.tflite"


def test_models_are_found_by_name_and_by_title():
    titles = {
        f"{PERC}/Ye.tflite": "夜",
        f"{PERC}/Ye_2.tflite": "叶",
        f"{NOTES}/funk.tflite": "funk",
    }
    there = dict.fromkeys(titles, FileEntry(1, ""))
    assert library.find(there, ["Ye", "叶", "funk.tflite"], titles.__getitem__) == [
        f"{PERC}/Ye.tflite",
        f"{PERC}/Ye_2.tflite",
        f"{NOTES}/funk.tflite",
    ]
