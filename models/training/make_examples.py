"""Make the sample calls of examples/audio/ and, beside them, what is said in each.

python -m models.training.make_examples examples/audio
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .espeak import SAMPLE_RATE, speak
from .sentences import words
from .synthesise import write_audio


@dataclass(frozen=True)
class Call:
    """One file: its key, format details, and turns spoken by the two voices alternately."""

    key: str
    language: str
    rate: int
    channels: int
    voices: tuple[str, str]
    speed: int
    turns: tuple[str, ...]


_BILLING = (
    "hello, good morning, this is customer service.",
    "good morning. i need help with my invoice.",
    "yes. please can i have your account number?",
    "my account number is four seven two, nine zero one.",
    "thanks. i can check the payment now, please wait.",
    "the price is one hundred twenty, and my discount is fifteen.",
    "yes, the invoice was without your discount. we can send the refund tomorrow.",
    "good. thanks and goodbye.",
)
_ENTREGA = (
    "hola, buenos días. su nombre por favor.",
    "buenos días, necesito ayuda con la entrega.",
    "su número por favor.",
    "mi número es cinco ocho tres, cero dos seis.",
    "gracias. el paquete estaba listo ayer.",
    "por favor, quiero cambiar la dirección. calle verde, noventa.",
    "puedo enviar el paquete mañana por la mañana.",
    "gracias por su ayuda, adiós.",
)
_SUPPORT = (
    "hello, this is support. when was your computer broken?",
    "yesterday evening. the battery is good and the camera is working, because i check again and again.",
    "i understand. please change the password, close the window, and open the message again.",
    "yes, now the button is green, and the internet is working. thanks.",
)
_CITA = (
    "hola, quiero confirmar mi cita con el médico.",
    "buenos días. la cita es el jueves por la mañana.",
    "el jueves tengo reunión con la empresa, es importante. puedo cambiar la cita?",
    "también puedo el viernes por la mañana.",
    "el viernes es bueno. gracias.",
)
_FLIGHT = (
    "good evening. i need help, my flight is urgent.",
    "good evening. where is your ticket?",
    "the ticket number is eight, six, three, five, two. my sister and i need the airport before seven.",
    "the weather this winter is never good. can you wait with your family?",
    "please send the new ticket. my email is ready. goodbye.",
)
_COCINA = (
    "hola amigo. el café es bueno, dónde estaba?",
    "estaba con mi hermana, por la cocina, después quiero el desayuno con música.",
)
CALLS = (
    Call("2026/11/03/billing-0001.wav", "en", 8_000, 1, ("en-us+f2", "en-gb+m3"), 160, _BILLING),
    Call("2026/11/03/entrega-0002.mp3", "es", 22_050, 1, ("es+f1", "es-419+m4"), 160, _ENTREGA),
    Call("2026/11/04/support-0003.flac", "en", 16_000, 1, ("en-gb+f3", "en-us+m2"), 170, _SUPPORT),
    Call("2026/11/04/cita-0004.m4a", "es", 48_000, 2, ("es-419+f2", "es+m1"), 165, _CITA),
    Call("2026/12/01/flight-0005.ogg", "en", 24_000, 1, ("en-us+m1", "en-us+f4"), 165, _FLIGHT),
    Call("2026/12/01/cocina mañana.wav", "es", 16_000, 1, ("es+m2", "es+f3"), 155, _COCINA),
)


def plain(turns: tuple[str, ...], language: str) -> str:
    """The words said, without marks. Raises ValueError for a word outside the lexicon."""
    said = " ".join(turns).translate(str.maketrans("", "", ".,?")).split()
    unknown = sorted(set(said) - set(words(language)))
    if unknown:
        raise ValueError(f"not in the {language} lexicon: {', '.join(unknown)}")
    return " ".join(said)


def make(folder: Path) -> None:
    """Write the calls below `folder` and REFERENCE.tsv (key, language, text) into it."""
    rows = ["key\tlanguage\ttext"]
    for call in CALLS:
        rows.append(f"{call.key}\t{call.language}\t{plain(call.turns, call.language)}")
        pause = np.zeros(SAMPLE_RATE // 2, np.float32)
        parts = [pause]
        for index, turn in enumerate(call.turns):
            parts += [speak(turn, call.voices[index % 2], call.speed).audio, pause]
        write_audio(np.concatenate(parts), folder / call.key, call.rate, call.channels)
    (folder / "REFERENCE.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="make the sample calls")
    parser.add_argument("folder", type=Path)
    make(parser.parse_args().folder)


if __name__ == "__main__":
    main()
