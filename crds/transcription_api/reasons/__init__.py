"""Every word that says why: in conditions, Events, failed files and answers of the service. What it means, and what to do.

The programs say the word and a sentence on the case at hand; what holds for every case stands here, once. docs/reasons.md is
generated from it, and a test fails if a word of the programs has no paragraph.
"""

from transcription_api.reasons.ends import ENDS
from transcription_api.reasons.events import EVENTS
from transcription_api.reasons.files import FILES
from transcription_api.reasons.pods import PODS
from transcription_api.reasons.reason import Chapter, Reason
from transcription_api.reasons.schedules import SCHEDULES
from transcription_api.reasons.service import SERVICE, SERVICE_JOBS, STREAMS
from transcription_api.reasons.sinks import SINKS
from transcription_api.reasons.states import STATES

__all__ = ["CHAPTERS", "Chapter", "Reason"]

CHAPTERS: tuple[Chapter, ...] = (STATES, ENDS, PODS, FILES, EVENTS, SCHEDULES, SERVICE, SERVICE_JOBS, STREAMS, SINKS)
"""In the order of the page."""
