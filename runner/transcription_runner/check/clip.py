"""What a transcript of the clip that every runner has comes to, beside what is said in it."""

from transcription_api.transcript import Transcript
from transcription_runner.check.report import Words
from transcription_runner.evaluation.clip import folder
from transcription_runner.evaluation.readers import read_json, read_rttm, read_stm
from transcription_runner.evaluation.report import Measures, measure
from transcription_runner.evaluation.speech import Speech
from transcription_runner.formats.documents import write_json


def compared(transcript: Transcript) -> Words:
    """A transcript of the clip beside what is said in it."""
    (heard,) = read_json(write_json(transcript)).values()
    (said,) = read_stm((folder() / "sample.stm").read_text(encoding="utf-8")).values()
    (turns,) = read_rttm((folder() / "sample.rttm").read_text(encoding="utf-8")).values()
    measures = measure(heard, Speech(said.text, None, turns.turns))
    speakers = {segment.speaker for segment in transcript.segments if segment.speaker}
    words = [word for segment in transcript.segments for word in segment.words]
    text = " ".join(segment.text.strip() for segment in transcript.segments)
    return Words(
        language=transcript.language,
        error_rate=_rate(measures),
        text=text,
        words=len(words),
        timed_words=sum(word.start is not None for word in words),
        method=transcript.transcription.alignment.method,
        speakers=len(speakers) or None,
        diarization_error_rate=measures.speakers[0].rate if speakers and measures.speakers else None,
    )


def _rate(measures: Measures) -> float:
    """Without a word heard, all words are errors."""
    return 1.0 if measures.words is None or measures.words.rate is None else measures.words.rate
