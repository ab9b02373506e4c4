"""A diarization pipeline as a folder that pyannote opens: two checkpoints, a PLDA, and the configuration that joins them."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import yaml
from pyannote.audio.core.model import Model
from pyannote.audio.core.task import Problem, Resolution, Specifications

WINDOW_SECONDS = 2.5
"""What the pipeline cuts: half of what training cuts. A short window seldom holds three speakers, whom the network confuses."""
SPEAKERS, AT_ONCE = 3, 2
SEGMENTATION = Specifications(
    problem=Problem.MONO_LABEL_CLASSIFICATION,
    resolution=Resolution.FRAME,
    duration=WINDOW_SECONDS,
    classes=[f"speaker{number}" for number in range(1, SPEAKERS + 1)],
    powerset_max_classes=AT_ONCE,
    permutation_invariant=True,
)
VOICE = Specifications(problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=WINDOW_SECONDS, min_duration=1.0)


def write_checkpoint(model: Model, folder: Path) -> None:
    """Write `folder`/pytorch_model.bin with the keys that pyannote.audio's `Model.from_pretrained` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
    checkpoint = {
        "state_dict": state,
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": version("pytorch-lightning"),
    }
    model.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, folder / "pytorch_model.bin")


def write_plda(folder: Path, size: int) -> None:
    """An identity: pyannote opens a PLDA whatever the clustering; agglomerative clustering never asks it."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "xvec_transform.npz", mean1=np.zeros(size), mean2=np.zeros(size), lda=np.eye(size))
    np.savez(folder / "plda.npz", mu=np.zeros(size), tr=np.eye(size), psi=np.linspace(2, 1, size))


def write_config(folder: Path, threshold: float, smallest_cluster: int) -> None:
    """The pipeline's config.yaml; `threshold` is the distance of two unit vectors beyond which they are two speakers."""
    parts = {part: f"$model/{part}" for part in ("segmentation", "embedding", "plda")}
    config = {
        "dependencies": {"pyannote.audio": "4.0.0"},
        "pipeline": {
            "name": "pyannote.audio.pipelines.SpeakerDiarization",
            "params": parts
            | {"clustering": "AgglomerativeClustering", "segmentation_step": 0.2, "embedding_exclude_overlap": True},
        },
        "params": {
            "segmentation": {"min_duration_off": 0.0},
            "clustering": {"method": "centroid", "min_cluster_size": smallest_cluster, "threshold": round(threshold, 3)},
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
