"""The file name suffixes that are taken for audio or video where the job gives no globs of its own."""

AUDIO = (
    "aac ac3 aif aifc aiff amr ape au caf dts eac3 flac m4a m4b mka mp2 mp3 mpga "
    "oga ogg opus snd spx tta w64 wav wave weba wma wv"
).split()
VIDEO = "3g2 3gp asf avi flv m2ts m4v mkv mov mp4 mpeg mpg mts ogv ts webm wmv".split()

KNOWN_SUFFIXES = frozenset(AUDIO + VIDEO)


def has_known_suffix(key: str) -> bool:
    """Whether the key ends in a known suffix, in upper or lower case."""
    name = key.rpartition("/")[2]
    _, dot, suffix = name.rpartition(".")
    return bool(dot) and suffix.lower() in KNOWN_SUFFIXES
