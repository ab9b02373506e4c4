"""The peer: stock whisperx behind FastAPI, as it is usually wrapped. One model, loaded once, and a lock: one request at a time.

python -m benchmarks.service.peer --model FOLDER --compute-type int8

Where there is a choice, it is the one that serves the peer: files are decoded outside the lock, and the language is told when the
model is loaded, so that no request makes a tokenizer of its own.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import tempfile
from threading import Lock
from typing import Any

import uvicorn
from fastapi import FastAPI, UploadFile


def application(pipeline: Any, batch_size: int) -> FastAPI:
    """`POST /transcribe` with a file gives whisperx's segments. `pipeline`: as whisperx.load_model makes it."""
    import whisperx

    app, turn = FastAPI(), Lock()

    @app.post("/transcribe")
    def transcribe(file: UploadFile) -> dict[str, Any]:
        with tempfile.NamedTemporaryFile(suffix=".wav") as kept:
            shutil.copyfileobj(file.file, kept)
            kept.flush()
            sound = whisperx.load_audio(kept.name)
        with turn:
            result = pipeline.transcribe(sound, batch_size=batch_size)
        segments = [
            {"start": float(segment["start"]), "end": float(segment["end"]), "text": str(segment["text"])}
            for segment in result["segments"]
        ]
        return {"language": str(result["language"]), "segments": segments}

    return app


def main() -> None:
    """Load the model, tell the port, and serve until the process is ended."""
    arguments = _arguments()
    import torch
    import whisperx

    torch.set_num_threads(arguments.threads)  # as the whisperx command does with its --threads
    pipeline = whisperx.load_model(
        arguments.model,
        arguments.device,
        compute_type=arguments.compute_type,
        language="en",
        asr_options={"beam_size": arguments.beam_size},
        vad_method="pyannote",
        threads=arguments.threads,
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"serving whisperx on 127.0.0.1 port {listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(application(pipeline, arguments.batch_size), http="h11", log_config=None, access_log=False)
        uvicorn.Server(config).run(sockets=[listener])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service.peer", description="stock whisperx behind FastAPI")
    parser.add_argument("--model", required=True, metavar="FOLDER")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compute-type", required=True)
    parser.add_argument("--batch-size", type=int, default=8, metavar="N")
    parser.add_argument("--beam-size", type=int, default=5, metavar="N")
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    return parser.parse_args()


if __name__ == "__main__":
    main()
