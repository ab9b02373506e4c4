"""Why a file has no transcript: reasons in status.failures, the manifest, the ledger, and answers of the service."""

from transcription_api.reasons.reason import Chapter, Reason

FILES = Chapter(
    "Why a file failed",
    "In `status.failures`, the manifest and the ledger, and the first word of a line of `transcription-runner transcribe`. "
    "The service answers the same, with the HTTP status that stands here. A failed file stops no other. It is tried again by"
    " the next run. A store that refuses one object may also be quoted with its own code, such as `InvalidObjectState` (an "
    "archived object) or `QuotaExceeded`: S3's documentation explains these.",
    (
        Reason("EmptyObject", "The object has no content.", "Upload it again.", 422),
        Reason(
            "UnsupportedFormat",
            "It is no sound or video that is known here. The message says what it is. Playlists are refused on purpose: they"
            " name other files.",
            "Convert it (`ffmpeg -i IN OUT.flac`), or leave it out with `source.exclude`.",
            415,
        ),
        Reason("NoAudioStream", "A video without sound.", "Leave it out.", 422),
        Reason(
            "DamagedAudio",
            "The file is cut off or spoilt: it holds less sound than it states, or the decoder fails. No transcript of a "
            "part is written, since nobody would notice.",
            "Upload it again. If the source is damaged, convert what is left: `ffmpeg -i IN OUT.flac`.",
            422,
        ),
        Reason(
            "NoSuchTrack",
            "`audio.track` counts from 0 and names a track that the file does not have.",
            "The message says how many there are.",
            422,
        ),
        Reason(
            "TooManyChannels",
            "With `audio.channels: split` there are more channels than can be kept apart.",
            "Transcribe it mixed.",
            422,
        ),
        Reason(
            "TooLong",
            "The audio is longer than `TRANSCRIPTION_MAX_AUDIO_SECONDS` (12 hours).",
            "Cut it, or raise the limit.",
            413,
        ),
        Reason(
            "TooLarge",
            "The object is larger than `TRANSCRIPTION_MAX_OBJECT_BYTES` (4 GiB) or than the scratch volume takes; for the "
            "service, larger than an upload may be.",
            "Raise the limit and `runner.scratchSize`, or extract the sound from the video.",
            413,
        ),
        Reason("DecodeTimeout", "Decoding took far longer than sound of its size should.", "Convert the file.", 422),
        Reason(
            "ScratchFull",
            "The scratch volume is full. The service: other uploads fill it.",
            "Raise `runner.scratchSize` of the chart. A request may ask again later.",
            503,
        ),
        Reason(
            "ObjectNotFound", "No object has this key, or it was removed after it had been listed.", "Check `source.keys`.", 422
        ),
        Reason(
            "ObjectUnavailable",
            "The store works, but did not give this one object in five tries over minutes.",
            "Look at the store's log. Then another `runId`.",
        ),
        Reason(
            "InvalidKey",
            "The key has a `.` or `..` as a part of its path, or the store does not take it. (Of the service's API keys: see"
            " below.)",
            "Rename the object.",
        ),
        Reason(
            "StoreError",
            "The store refused this one object with an answer that S3 does not define.",
            "The message has the HTTP status; look at the store's log.",
            500,
        ),
        Reason("Unknown", "An older runner wrote no reason.", "Run it again with another `runId`."),
        Reason(
            "NotReadable",
            "Local command: the path leads to a folder, a pipe or a device, or may not be opened.",
            "Check path and permissions.",
        ),
        Reason("Unreadable", "Local command: the file's state cannot be read.", "Check path and permissions."),
        Reason(
            "OutputNotWritable",
            "Local command: the transcript cannot be written.",
            "Check the folder's permissions and its free space.",
        ),
    ),
)
