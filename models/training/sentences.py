"""Sentences over the lexicon: natural ones from small grammars, and word salad that no language model can guess.

A sentence belongs to the evaluation set if the checksum of its text says so, whoever makes it and with whatever seed.
"""

from __future__ import annotations

import random
import re
import zlib
from functools import cache
from pathlib import Path

LEXICON = Path(__file__).resolve().parent.parent / "lexicon"
LANGUAGES = ("en", "es")

# A slot in braces names a list below; a bar separates alternatives.
_GRAMMAR: dict[str, dict[str, str]] = {
    "en": {
        "start": "{hi} {ask}|{hi} {state}|{ask}|{state}|{state} {time}|{ask} {time}|{question}|{give}|{give} {bye}|"
        "{bye}|{state} because {state}|{ask} and {ask}|{date}",
        "hi": "hello|good morning|good evening|hello {who}|yes|yes please|hello this is the {who}",
        "bye": "thanks goodbye|goodbye|thanks and goodbye|yes thanks|please call again {time}",
        "ask": "please {verb} {your} {thing}|please {verb} {your} {thing}|i need help with {your} {thing}|"
        "can you {verb} {your} {thing}|"
        "please wait {number} minute|i want {number} {thing}",
        "state": "{your} {thing} is {is}|{your} {thing} was {is}|we have {number} {thing}|i have the {thing}|this is {is}|"
        "my {who} was with the {thing}|you can speak english now|i understand spanish|we never receive the {thing}|"
        "the weather is {is}|my {who} can wait",
        "question": "where is {your} {thing}|when can you {verb} {your} {thing}|can i speak with {your} {who}|"
        "when is {your} {thing} ready|where can i {verb} the {thing}",
        "give": "my {thing} number is {digits}|the number is {digits}|the price is {number}"
        "|my phone number is {digits}|my name is {color}|the {thing} is {number}",
        "date": "the appointment is {day} morning|{day} evening is good|{day} {number}",
        "verb": "open|close|cancel|change|check|confirm|send|receive|return|repeat|understand|want",
        "your": "the|my|your|this|my new|the big|the {color}|your {color}",
        "thing": "account|address|email|service|support|order|invoice|payment|refund|money|card|bank|credit|price|discount|"
        "ticket|problem|answer|message|password|internet|computer|battery|button|camera|delivery|package|store|product|"
        "warranty|contract|insurance|appointment|office|water|coffee|breakfast|kitchen|house|window|street|flight|music|question|airport|language|city|summer|winter",
        "who": "customer|manager|agent|doctor|family|mother|father|brother|sister|friend|company",
        "is": "ready|broken|working|urgent|important|new|good|{color}|never ready|always working|without {thing}",
        "color": "blue|green|yellow|black",
        "time": "today|tomorrow|yesterday|this year|this week|now|again|this week|this month|before {day}|after {day}|"
        "before {number}|this morning",
        "day": "monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    },
    "es": {
        "start": "{hi} {ask}|{hi} {state}|{ask}|{state}|{state} {time}|{ask} {time}|{question}|{give}|{give} {bye}|{bye}|"
        "{state} porque {state}|{date}",
        "hi": "hola|buenos días|tardes|noches|hola {who}|hola buenos días|hola este es el {who}|favor esperar",
        "bye": "gracias adiós|adiós|gracias por el {thing}|gracias por esperar|hola gracias",
        "ask": "por favor quiero {verb} {your} {thing}|necesito {verb} {your} {thing}|quiero ayuda con {your} {thing}|"
        "puedo {verb} {your} {thing}|necesito {number} {thing}|por favor {verb} {your} {thing}|tengo {number} {thing}",
        "state": "{your} {thing} es {is}|{your} {thing} estaba {is}|tengo {your} {thing}|este {thing} es {is}|"
        "{your} {thing} nunca funciona|{your} {thing} siempre funciona|{your} {thing} también funciona|"
        "mi {who} estaba con el {thing}|"
        "puedo hablar español|puedo entender inglés|el clima es bueno|mi {who} es {who}",
        "question": "dónde es {your} {thing}|cuándo puedo {verb} {your} {thing}|dónde puedo {verb} el {thing}|"
        "puedo hablar con {your} {who}|cuándo es la cita|dónde estaba {your} {who}",
        "give": "mi número es {digits}|el número es {digits}|el precio es {number}|mi teléfono es {digits}|"
        "mi número por favor {digits}|la cuenta es {digits}|mi nombre es {color}",
        "date": "la cita es el {day}|el {day} por la mañana|buenos días {day}|el {day} {number}|{number} días antes",
        "verb": "abrir|cerrar|cancelar|cambiar|revisar|confirmar|enviar|recibir|devolver|repetir|esperar|entender",
        "your": "el|la|mi|su|este|mi nuevo|su pequeño",
        "thing": "cuenta|teléfono|dirección|correo|servicio|pedido|factura|pago|reembolso|dinero|tarjeta|banco|crédito|precio|"
        "descuento|billete|problema|pregunta|respuesta|llamada|mensaje|contraseña|computadora|batería|botón|cámara|entrega|"
        "paquete|tienda|producto|garantía|contrato|seguro|cita|reunión|oficina|agua|café|desayuno|cocina|casa|ventana|jardín|verano|invierno|minuto|"
        "calle|ciudad|aeropuerto|vuelo|música|idioma",
        "who": "cliente|gerente|agente|médico|familia|madre|padre|hermano|hermana|amigo|empresa",
        "is": "listo|roto|urgente|importante|nuevo|bueno|grande|pequeño|{color}|sin {thing}",
        "color": "azul|verde|amarillo|negro",
        "time": "hoy|ayer|por semana|ahora|mañana|antes mañana|después|este mes|este año|por la mañana|antes",
        "day": "lunes|martes|miércoles|jueves|viernes|sábado|domingo",
    },
}
_SLOT = re.compile(r"\{(\w+)\}")


@cache
def words(language: str) -> tuple[str, ...]:
    """The lexicon of one language, in file order (numbers first)."""
    return tuple((LEXICON / f"{language}.txt").read_text(encoding="utf-8").split())


def held_out(text: str) -> bool:
    """True for the tenth of all sentences that training never sees."""
    return zlib.crc32(text.encode()) % 10 == 0


def _number(rng: random.Random, language: str) -> str:
    lexicon = words(language)
    units, tens, hundred, thousand = lexicon[1:10], lexicon[20:28], lexicon[28], lexicon[29]
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(lexicon[:30])
    if kind == 1:
        return f"{rng.choice(tens)} {rng.choice(units)}"
    if kind == 2:
        return f"{rng.choice(units)} {rng.choice((hundred, thousand))} {rng.choice(lexicon[1:28])}"
    return rng.choice(lexicon[10:28])


def natural(rng: random.Random, language: str) -> str:
    """A sentence of the grammar; every word of it stands in the lexicon."""
    known = set(words(language))
    while True:
        text = "{start}"
        while match := _SLOT.search(text):
            slot = match.group(1)
            if slot == "digits":
                filling = " ".join(rng.choices(words(language)[:10], k=rng.randint(3, 8)))
            elif slot == "number":
                filling = _number(rng, language)
            else:
                filling = rng.choice(_GRAMMAR[language][slot].split("|"))
            text = text[: match.start()] + filling + text[match.end() :]
        if set(text.split()) <= known:
            return text


def salad(rng: random.Random, language: str) -> str:
    """Two to ten words of the lexicon in any order."""
    return " ".join(rng.choices(words(language), k=rng.randint(2, 10)))


def sentence(rng: random.Random, language: str, *, for_evaluation: bool) -> str:
    """A natural sentence (45%) or a salad, from the training or the evaluation side."""
    while True:
        text = natural(rng, language) if rng.random() < 0.45 else salad(rng, language)
        if held_out(text) == for_evaluation:
            return text


def punctuated(rng: random.Random, text: str) -> str:
    """The same words with a mark or two, which changes only how a voice says them."""
    tokens = text.split()
    for index in range(1, len(tokens) - 1):
        if rng.random() < 0.08:
            tokens[index] += ","
    return " ".join(tokens) + rng.choice(("", ".", ".", "?", "!"))
