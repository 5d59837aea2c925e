"""The page "Listen": the sounds of this browser, and the connections to other programs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import context, ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from latentrack.errors import UserError
from latentrack.midi_ports import VIRTUAL, has_virtual_ports, plain
from latentrack.osc.controls import ADDRESSES, PREFIX
from latentrack.playing.schedule import MOST_SWING, STRAIGHT
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.listen.midi import Midi
from latentrack.studio.listen.osc import Osc
from latentrack.studio.listen.transport import Transport
from latentrack.studio.listen.voice_list import BrowserPorts, VoiceList
from latentrack.studio.listen.voice_sounds import INSTRUMENTS
from latentrack.studio.page_parts import errors_shown, heading, in_background, listen, named
from latentrack.words import agree, count


def build(transport: Transport, explorer: Explorer) -> None:
    """Add the cards Sound, MIDI and OSC to the page."""
    with ui.element("div").classes("lt-row lt-listen-page"):
        with _card("Sound"):
            _sound(transport, explorer)
        with _card("MIDI"):
            _midi(transport.midi)
        with _card("Ports of this browser"):
            ui.label(
                "Notes to a MIDI port of the computer or phone that shows this page, on the "
                "channels named under MIDI."
            ).classes("lt-muted")
            BrowserPorts()
        with _card("OSC").classes("lt-listen-osc"):
            _osc(transport.osc)


def _card(title: str) -> ui.element:
    with named(ui.element("section"), title).classes("lt-card lt-column") as card:
        heading(title)
    return card


# -- sound --------------------------------------------------------------------------------------


def _sound(transport: Transport, explorer: Explorer) -> None:
    ui.label(
        "Press Play below, and this browser sounds what the model plays. Other windows that look "
        "at this studio stay silent until you let them sound, too."
    ).classes("lt-muted")
    swing = _slider(
        "Swing", STRAIGHT * 100, MOST_SWING * 100, lambda v: transport.set_swing(v / 100)
    )
    volume = _slider("Volume", 0, 100, lambda v: transport.set_volume(v / 100))
    reverb = _slider("Reverb", 0, 100, lambda v: transport.set_reverb(v / 100))
    instrument = (
        ui.select(
            INSTRUMENTS,
            label="Notes sound as",
            on_change=lambda event: transport.set_instrument(event.value),
        )
        .props("dense outlined options-dense")
        .classes("lt-listen-choice")
    )

    def show() -> None:
        swing(transport.swing * 100)
        volume(transport.volume * 100)
        reverb(transport.state.reverb * 100)
        instrument.value = transport.state.instrument

    show()
    listen(transport.sound_changed, show)
    ui.label("Hear each voice").classes("lt-listen-what")
    ui.label(
        "Drop a WAV on a voice, or press its +, and it sounds as your own sound from then on."
    ).classes("lt-muted")
    voices = VoiceList(transport, explorer)
    listen(explorer.pattern_changed, voices.show)
    listen(transport.sound_changed, voices.show)
    listen(transport.samples.changed, voices.show)


def _slider(
    name: str, low: float, high: float, act: Callable[[float], None]
) -> Callable[[float], None]:
    with ui.element("label").classes("lt-listen-slider"):
        ui.label(name)
        slider = named(ui.element("input"), name).props("type=range step=1")
        slider.classes("lt-listen-range").props.update(min=low, max=high)
        words = ui.label().props('aria-hidden="true"')

    def moved(event: GenericEventArguments) -> None:
        act(float(event.args))

    slider.on("input", moved, js_handler="(e) => emit(e.target.valueAsNumber)", throttle=0.03)

    def show(value: float) -> None:
        words.text = f"{value:.0f} %"
        slider.props["value"] = round(value)

    return show


# -- MIDI ---------------------------------------------------------------------------------------


def _midi(midi: Midi) -> None:
    ui.label(
        "Notes go out to the port you choose: drums on channel 10 as General MIDI has them, "
        "notes and rhythms on the channel below."
    ).classes("lt-muted")
    output = _choice("Notes go to", midi.choose_output)
    channel = (
        ui.select(
            {number: str(number) for number in range(1, 17)},
            label="Channel of notes and rhythms",
            on_change=lambda event: midi.set_channel(event.value),
        )
        .props("dense outlined options-dense")
        .classes("lt-listen-choice")
    )
    clock = ui.switch(
        "Send our clock with them",
        on_change=lambda event: midi.set_sends_clock(event.value),
    )
    follow = _choice("Follow the clock of", midi.choose_input, nothing="None: our own clock")
    with ui.element("button").props("type=button").classes("lt-listen-button") as button:
        ui.label("Look for ports again")
    button.on("click", midi.refresh)
    trouble = ui.label().classes("lt-listen-state").props('role="status"')

    def show() -> None:
        now = midi.state
        output(now.output, now.outputs)
        follow(now.input, now.inputs)
        channel.value, clock.value = now.channel, now.sends_clock
        trouble.text = now.trouble

    show()
    listen(midi.ports_changed, show)
    listen(midi.sending_changed, show)
    if not midi.state.problem:
        midi.refresh()


def _choice(
    label: str, choose: Callable[[str], None], nothing: str = "nowhere"
) -> Callable[[str, tuple[str, ...]], None]:
    """Add a list of ports; return a function that sets the chosen port and the existing ones."""
    quiet = False

    def chosen(value: str) -> None:
        if not quiet:
            choose(value)

    select = (
        ui.select({"": nothing}, value="", label=label, on_change=lambda e: chosen(e.value))
        .props("dense outlined options-dense")
        .classes("lt-listen-choice")
    )

    def show(name: str, there: tuple[str, ...]) -> None:
        nonlocal quiet
        options = {"": nothing}
        if has_virtual_ports():
            options[VIRTUAL] = VIRTUAL
        options |= {each: plain(each) for each in there}
        if name not in options:
            match = next((each for each in there if plain(each) == plain(name)), None)
            options[name] = plain(name) if match else f"{plain(name)} (not there)"
            if match:
                del options[match]
        quiet = True
        select.set_options(options, value=name)
        quiet = False

    return show


# -- OSC ----------------------------------------------------------------------------------------


def _osc(osc: Osc) -> None:
    ui.label(
        "Open Sound Control over UDP: a Pure Data patch or another program can move everything "
        "here, and hears what moves and sounds."
    ).classes("lt-muted")
    with ui.element("div").classes("lt-listen-ends"):
        hears = _end("Receive on", osc.listen)
        sends = _end("Send messages to", osc.send)
    messages = ui.label().classes("lt-listen-state").props('role="status"')

    def show() -> None:
        now = osc.state
        hears(now.listens, now.address_in)
        sends(now.sends, now.address_out)
        were = agree(now.heard, "was", "were")
        heard = f"{count(now.heard, 'message')} {were} heard. " if now.listens and now.heard else ""
        messages.text = heard + now.ignored

    show()
    listen(osc.ends_changed, show)
    listen(osc.messages_changed, show)
    with ui.element("div").classes("lt-listen-table"), ui.element("table"):
        with ui.element("tr"):
            for title in ("Address", "Values", "Meaning", "Way"):
                _cell("th", title)
        for address in ADDRESSES:
            with ui.element("tr"):
                with _cell("td"):
                    TextElement(tag="code", text=f"{PREFIX}/{address.name}")
                for text in (address.arguments, address.meaning, address.ways):
                    _cell("td", text)


def _cell(tag: str, text: str = "") -> ui.element:
    cell = ui.element(tag)
    if text:
        with cell:
            ui.label(text)
    return cell


def _end(label: str, switch: Callable[[bool, str], None]) -> Callable[[bool, str], None]:
    """Add a switch and an address field; return a function that sets both."""
    quiet = False
    shown = ""
    slot = context.slot

    async def turn() -> None:
        with errors_shown():
            try:
                await in_background(switch, turned.value, field.value or "")
            except UserError:
                with slot:
                    show(False, shown)
                raise

    def turn_by_hand() -> Awaitable[None] | None:
        return None if quiet else turn()

    def move() -> Awaitable[None] | None:
        # While the switch is off, a typed address is used when it is switched on.
        return turn() if turned.value else None

    with ui.element("div").classes("lt-listen-end"):
        turned = ui.switch(label, on_change=turn_by_hand)
        field = named(ui.input(), f"{label}: address and port").on("change", move)
        field.props("dense outlined spellcheck=false")

    def show(on: bool, address: str) -> None:
        nonlocal quiet, shown
        quiet = True
        turned.value = on
        if address != shown:
            shown = field.value = address
        quiet = False

    return show
