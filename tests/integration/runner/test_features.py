"""Log-mel features beside whisperx's own, in windows of any length."""

import numpy as np
import pytest

from tests.integration.runner.sound import said
from transcription_runner.engine.recognition.features import features_storage, log_mel, stacked


@pytest.mark.parametrize("mels", [80, 128])
@pytest.mark.parametrize("frames", [200, 398, 1000, 3000])
def test_a_window_is_what_whisperx_makes_of_the_sound_padded_with_silence(frames: int, mels: int) -> None:
    from whisperx.audio import log_mel_spectrogram

    sound = said("please confirm the order")[: frames * 160]
    expected = log_mel_spectrogram(np.pad(sound, (0, frames * 160 - len(sound))), n_mels=mels)
    found = log_mel(sound, mels, "cpu", frames)
    assert found.shape == (mels, frames)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("frames", [0, 3, 3002])
def test_a_window_that_the_encoder_cannot_halve_or_hold_is_refused(frames: int) -> None:
    with pytest.raises(ValueError, match=str(frames)):
        log_mel(said("thank you"), 80, "cpu", frames)


def test_windows_stored_alone_stack_to_what_they_are_together() -> None:
    import torch

    windows = [log_mel(said(text), 80, "cpu", 1500) for text in ("thank you", "please confirm the order")]
    together = np.asarray(features_storage(torch.stack(windows)))
    np.testing.assert_array_equal(np.asarray(stacked([features_storage(one[None]) for one in windows])), together)
