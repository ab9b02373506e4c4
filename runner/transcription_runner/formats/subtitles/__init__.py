"""How a transcript becomes cues that fit a screen and a reader: `cues.cues` is the door.

Segments become utterances (`utterances.py`), utterances are cut into cues and cues into lines where a reader minds it least
(`breaks.py`), within what a page holds and a reader can follow (`page.py`); then cues get the times at which they stand
(`cues.py`).
"""
