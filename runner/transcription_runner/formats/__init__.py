"""A transcript as files: `documents` is the door, SRT and VTT are set from the cues that `subtitles/` cuts.

Every function goes from values to values. All five formats carry the same words.
"""
