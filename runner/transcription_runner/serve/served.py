"""What a service has loaded, and whether that is what a request asks for. Pure."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from transcription_api.runner_config import ResolvedModel
from transcription_api.speech import ComputeType
from transcription_runner.serve.refusals import Refusal

OPENAI_NAME = "whisper-1"
"""What OpenAI calls its Whisper: clients of its API ask for it unless told otherwise, and get the model that is loaded."""


@dataclass(frozen=True)
class Served:
    """One model, for as long as the service lives."""

    name: str
    """A folder goes by its last name: where it lies is nobody's business."""
    compute_type: ComputeType
    device: str

    def check(self, model: str | None, compute_type: str | None = None) -> None:
        """Raises Refusal (ModelNotLoaded, ComputeTypeNotLoaded) for others than what is loaded."""
        if model is not None and model not in (self.name, OPENAI_NAME):
            raise Refusal(
                422,
                "ModelNotLoaded",
                f"this service has the model {self.name} loaded and no other: ask for that, or leave model out",
                "model",
                (self.name,),
            )
        if compute_type is not None and compute_type != self.compute_type:
            raise Refusal(
                422,
                "ComputeTypeNotLoaded",
                f"this service computes in {self.compute_type} on {self.device}: ask for that, or leave compute_type out",
                "compute_type",
                (str(self.compute_type),),
            )


def served(model: ResolvedModel, device: str) -> Served:
    """What a loaded model is called by its clients."""
    name = PurePosixPath(model.name).name if model.name.startswith("/") else model.name
    return Served(name, model.compute_type, device)
