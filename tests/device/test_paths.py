"""A path through the latent space, scrubbed and played bar by bar.

Where a bar lies on it is the studio's own arithmetic, and what plays there is what LiteRT decodes.
"""

from __future__ import annotations

import pytest

from latentrack.studio.explore.paths import WAYS, LatentPath
from tests.decoders import DRUMS
from tests.device.claims import covers
from tests.device.rig import drums

GROUPS = (1, 1, 6, 2, 2)
SCALE = 3
Z = -0.5
POINTS = ((-1.0, -0.75), (0.25, -0.5), (0.25, 0.9), (1.0, 1.0))
BARS = 4


def path_of(way: str) -> LatentPath:
    return LatentPath(POINTS, (0, 1), BARS, way)


def text_of(path: LatentPath) -> str:
    points = "".join(f"{x} {y}\n" for x, y in path.points)
    return f"# by hand\nbars {path.bars}\nway {path.way}\n\naxes x y  # to the right, up\n{points}"


def put(module, files: dict[str, str]) -> list[str]:
    """Puts files on the module; the names of paths it then offers."""
    folder = module.module.flash / "paths"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return module.get("instrument.paths.refresh()")


def with_paths(rig):
    """A module with a path for each way, away from where they lead."""
    module = rig(DRUMS)
    names = put(module, {f"{way[:4]}.txt": text_of(path_of(way)) for way in WAYS})
    assert names == sorted(way[:4] for way in WAYS)
    module.run(f"track.latents = (3, -3, {Z * SCALE}); track.threshold = 0.3")
    return module


def from_reset(module) -> list[dict[int, float]]:
    """What a bar plays after a reset that comes a frame before its edge."""
    module.panel.advance(50_000)
    module.panel.trigger("reset")
    module.panel.settle()
    module.frames()
    return [edge.jacks for edge in module.edges(16)]


def there(decoded, point: tuple[float, float], z: float = Z):
    """What plays at a point of the plane."""
    return drums(decoded(DRUMS, (SCALE * point[0], SCALE * point[1], SCALE * z)), GROUPS, 0.3)


@covers("path", "path_at")
def test_a_path_is_scrubbed_by_its_parameter(rig, decoded):
    module = with_paths(rig)
    path, heard = path_of("loop"), set()
    corner = there(decoded, (1, -1))
    assert module.jacks() == corner
    module.run("track.path = 'loop'")
    for share in (0, 0.2, 0.5, 0.77, 1):
        jacks = module.jacks(f"track.path_at = {share}")
        assert jacks == there(decoded, path.at(share)), share
        heard.add(str(jacks))
    assert len(heard) == 5
    # Where the knobs stand counts again.
    assert module.jacks("track.path = 'off'") == corner


def test_cv_scrubs_it_and_is_added_to_it(rig, decoded):
    module = with_paths(rig)
    path = path_of("loop")
    module.run("track.path = 'loop'; patch.cv_5_to = '1.path_at'; patch.cv_y_to = '1.path_at'")
    module.panel.cv("5", 4)
    module.panel.cv("y", 1)
    module.panel.settle()
    module.frames()
    share = module.get("track.now('path_at')")
    assert share == pytest.approx(0.5, abs=0.01)
    assert module.get("track.decoded_value(0)") == pytest.approx(path.at(share)[0], abs=1e-3)
    # 10 V are the whole way of X, -1 to 1.
    module.panel.cv("x", -2.5)
    module.panel.settle()
    module.frames()
    assert module.get("track.decoded_value(0)") == pytest.approx(path.at(share)[0] - 0.5, abs=0.02)


@covers("path_by")
@pytest.mark.parametrize("way", WAYS)
def test_each_bar_is_a_place_of_its_own(rig, decoded, way):
    module = with_paths(rig)
    path = path_of(way)
    module.run(f"track.path = {way[:4]!r}; track.path_at = 0.4; track.path_by = 'hand'")
    assert from_reset(module) == there(decoded, path.at(0.4))
    module.run("track.path_by = 'bar'")
    wanted = heard = from_reset(module)
    assert heard == there(decoded, path.at(0))
    for bar in range(1, 2 * BARS + 2):
        share = path.share(bar)
        # Played once, it stays at its end.
        wanted = wanted + there(decoded, path.at(1 if share is None else share))
        module.frames()
        heard = heard + [edge.jacks for edge in module.edges(16)]
    assert heard == wanted
    assert from_reset(module) == there(decoded, path.at(0))


def test_it_begins_at_the_bar_after_it_was_asked_for(rig, decoded):
    module = with_paths(rig)
    path = path_of("loop")
    module.bar("track.path = 'loop'; track.path_at = 1")
    module.edges(5)
    module.run("track.path_by = 'bar'")
    module.edges(11)
    module.frames()
    for bar in (0, 1, 2):
        assert [edge.jacks for edge in module.edges(16)] == there(decoded, path.at(bar / 3)), bar
        module.frames()
    # A button's reset waits for its edge, and the path with it.
    module.run("instrument.reset()")
    module.frames()
    for bar in (0, 1):
        assert [edge.jacks for edge in module.edges(16)] == there(decoded, path.at(bar / 3)), bar
        module.frames()


def test_in_follow_step_it_moves_within_the_bar(rig):
    module = with_paths(rig)
    path = path_of("once")
    module.bar("track.path = 'once'; track.path_by = 'bar'; track.follow = 'step'", steps=1)
    for step in range(1, 40):
        module.frames()
        # What is decoded is the step that comes.
        share = min(step / 16 / (BARS - 1), 1)
        assert module.get("track.walk.share") == pytest.approx(share, abs=1e-3), step
        assert module.get("track.decoded_value(1)") == pytest.approx(path.at(share)[1], abs=1e-3)
        module.edges(1)


def test_a_position_that_is_sent_leaves_the_path(rig, decoded):
    module = with_paths(rig)
    module.run("track.path = 'loop'; history.close(); track.latents = (1.5, 0, 0)")
    assert module.get("track.path") == "off"
    assert module.jacks() == there(decoded, (0.5, 0), z=0)
    module.run("history.undo()")
    assert module.get("track.path") == "loop"


def test_more_axes_than_two(rig):
    module = with_paths(rig)
    names = put(module, {"deep.txt": "axes z x y\n-1 0 1\n1 0.5 -1\n"})
    assert names == ["back", "deep", "loop", "once"]
    module.run("track.path = 'deep'; track.path_at = 0.25")
    assert module.get("[track.decoded_value(i) for i in range(3)]") == [0.125, 0.5, -0.5]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0 0\n", "expected 2 to 256 points, got 1"),
        ("0 0\n" * 257, "expected 2 to 256 points, got 257"),
        ("0 0\n0 1.5\n", "the numbers of a point are from -1 to 1, not 1.5"),
        ("0 0\n0 up\n", "expected a number, got up"),
        ("0 0\n0 1 2\n", "a point has 2 numbers, not 3: 0 1 2"),
        ("axes x v\n0 0\n0 1\n", "its axes are x, y, z, w, feel_x or feel_y, not v"),
        ("axes x x\n0 0\n0 1\n", "expected one axis or more, each once"),
        ("bars 1\n0 0\n0 1\n", "it takes 2 to 256 bars, not 1"),
        ("way round\n0 0\n0 1\n", "its way is loop or back and forth or once, not round"),
        ("# long\n" * 3000, "it has more than 16 KB"),
    ],
)
def test_a_file_that_is_not_a_path_is_refused_with_what_is_wrong(rig, text, why):
    module = with_paths(rig)
    module.run("track.path = 'loop'")
    assert put(module, {"odd.txt": text}) == ["back", "loop", "once"]
    refused = module.get("instrument.paths.refused")
    assert refused == {"odd.txt": f"odd.txt is not a path that can be played: {why}"}
    assert module.get("track.path, instrument.message_text") == ("loop", refused["odd.txt"])


def test_it_is_there_again_after_power_on_and_gone_with_its_file(rig):
    module = with_paths(rig)
    module.run("track.path = 'back'; track.path_by = 'bar'; settings.save()")
    module.run("track.path = 'off'; settings.load()")
    assert module.get("track.path, track.path_by") == ("back", "bar")
    (module.module.flash / "paths" / "back.txt").unlink()
    assert module.get("instrument.paths.refresh()") == ["loop", "once"]
    assert module.get("track.path, instrument.message_text") == (
        "off",
        "track 1: path back is gone",
    )
