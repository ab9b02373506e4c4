"""The small Whisper and what it learns from: token loss, a label for every frame, and attention led to each word.

The synthesiser tells when each word and phoneme sounds. Frame labels teach the encoder and led attention teaches the
decoder where to look, which spares the long plateau of learning alignment from text alone. The extra heads are dropped
after training: what is saved is a plain WhisperForConditionalGeneration.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import WhisperConfig, WhisperForConditionalGeneration

from .sentences import LANGUAGES, words
from .tokens import END, NO_SPEECH, NO_TIMESTAMPS, START, TRANSCRIBE
from .windows import Window

IGNORE = -100
_PHONEME_LAYER = 2  # the phoneme head reads the encoder after this many layers
_LED_HEADS = 2  # heads of each decoder layer whose cross-attention is led


def build_model(tokenizer: Tokenizer, width: int = 192) -> WhisperForConditionalGeneration:
    """An untrained Whisper: 4 encoder and 3 decoder layers."""
    end = tokenizer.token_to_id(END)
    config = WhisperConfig(
        vocab_size=tokenizer.get_vocab_size(),
        d_model=width,
        encoder_layers=4,
        decoder_layers=3,
        encoder_attention_heads=width // 64,
        decoder_attention_heads=width // 64,
        encoder_ffn_dim=3 * width,
        decoder_ffn_dim=2 * width,
        num_mel_bins=80,
        dropout=0.0,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        decoder_start_token_id=tokenizer.token_to_id(START),
        suppress_tokens=[],
        begin_suppress_tokens=[],
    )
    config._attn_implementation = "sdpa"
    model = WhisperForConditionalGeneration(config)
    led = deepcopy(config)
    led._attn_implementation = "eager"  # only this implementation returns attention weights
    for layer in model.model.decoder.layers:
        layer.encoder_attn.config = led
    return model


@dataclass(frozen=True)
class Batch:
    """Tensors of a batch; frame labels are at the encoder's 20 ms, `led` is the word's frames for each target token."""

    mel: Tensor  # (batch, 80, frames)
    inputs: Tensor  # (batch, tokens)
    targets: Tensor  # (batch, tokens)
    word_labels: Tensor  # (batch, frames / 2)
    previous_labels: Tensor  # (batch, frames / 2): the word before, by which the decoder finds its way
    phoneme_labels: Tensor  # (batch, frames / 2)
    led: Tensor  # (batch, tokens, 2): first and last + 1 encoder frame, 0 0 where nothing leads


class Collator:
    """Turns windows into a batch."""

    def __init__(self, tokenizer: Tokenizer, phonemes: list[str]) -> None:
        self._id = tokenizer.token_to_id
        self._word_tokens = {w: tokenizer.encode(" " + w).ids[0] for lang in LANGUAGES for w in words(lang)}
        ordered = [(lang, w) for lang in LANGUAGES for w in words(lang)]
        self._word_class = {key: index + 1 for index, key in enumerate(ordered)}
        self._phoneme_class = {name: index + 1 for index, name in enumerate(phonemes)}
        self.word_classes, self.phoneme_classes = len(ordered) + 1, len(phonemes) + 1

    def __call__(self, windows: list[Window]) -> Batch:
        size, frames = len(windows), windows[0].mel.shape[1] // 2
        length = max(len(w.words) for w in windows) + 4
        inputs = np.full((size, length), self._id(END))
        targets = np.full((size, length), IGNORE)
        led = np.zeros((size, length, 2), np.int64)
        word_labels, previous_labels, phoneme_labels = (np.zeros((size, frames), np.int64) for _ in range(3))
        for row, window in enumerate(windows):
            language = self._id(f"<|{window.language}|>")
            prompt = [self._id(START), language, self._id(TRANSCRIBE), self._id(NO_TIMESTAMPS)]
            tokens = [self._word_tokens[word] for word, _, _ in window.words]
            inputs[row, : 4 + len(tokens)] = prompt + tokens
            if tokens:
                targets[row, : 4 + len(tokens)] = [*prompt[1:], *tokens, self._id(END)]
            else:
                targets[row, 0], targets[row, 3] = self._id(NO_SPEECH), self._id(END)
            for index, (word, start, end) in enumerate(window.words):
                word_labels[row, start // 2 : end // 2] = self._word_class[window.language, word]
                if index:
                    before = self._word_class[window.language, window.words[index - 1][0]]
                    previous_labels[row, start // 2 : end // 2] = before
                led[row, 3 + index] = start // 2, max(end // 2, start // 2 + 1)
            for name, start, end in window.phonemes:
                phoneme_labels[row, start // 2 : end // 2] = self._phoneme_class.get(name, 0)
        mel = torch.from_numpy(np.stack([w.mel for w in windows]))
        tensors = (torch.from_numpy(a) for a in (inputs, targets, word_labels, previous_labels, phoneme_labels, led))
        return Batch(mel, *tensors)


class Teacher(nn.Module):
    """The model with the heads that only training needs."""

    def __init__(self, model: WhisperForConditionalGeneration, word_classes: int, phoneme_classes: int) -> None:
        super().__init__()
        self.model = model
        self.word_head = nn.Linear(model.config.d_model, word_classes)
        self.phoneme_head = nn.Linear(model.config.d_model, phoneme_classes)
        self.previous_head = nn.Linear(model.config.d_model, word_classes)

    def encode(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """States after the last layer and after the phoneme layer; any even number of frames (HF insists on 3,000).

        While training, half of the windows pretend to begin later than they do: an encoder that has learned on short
        windows then needs little more for long ones.
        """
        encoder = self.model.model.encoder
        x = functional.gelu(encoder.conv2(functional.gelu(encoder.conv1(mel)))).permute(0, 2, 1)
        table = encoder.embed_positions.weight
        latest = len(table) - x.shape[1] if self.training else 0
        first = (torch.rand(len(x), 1) * 2 - 1).clamp_min(0) * latest
        x = x + table[first.long() + torch.arange(x.shape[1])]
        middle = x
        for index, layer in enumerate(encoder.layers):
            x = layer(x, None, None)[0]
            if index + 1 == _PHONEME_LAYER:
                middle = x
        return encoder.layer_norm(x), middle

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """token, language, word, previous, phoneme: cross-entropies; attention: -log of the led heads' mass on the word."""
        states, middle = self.encode(batch.mel)
        output = self.model.model.decoder(
            input_ids=batch.inputs, encoder_hidden_states=states, output_attentions=True, use_cache=False
        )
        logits = self.model.proj_out(output.last_hidden_state).float()
        token = functional.cross_entropy(logits.flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORE)
        language = functional.cross_entropy(logits[:, 0], batch.targets[:, 0])
        previous = functional.cross_entropy(self.previous_head(states).float().flatten(0, 1), batch.previous_labels.flatten())
        word = functional.cross_entropy(self.word_head(states).float().flatten(0, 1), batch.word_labels.flatten())
        phoneme = functional.cross_entropy(self.phoneme_head(middle).float().flatten(0, 1), batch.phoneme_labels.flatten())
        frames = torch.arange(states.shape[1])
        inside = (frames >= batch.led[..., :1]) & (frames < batch.led[..., 1:])
        mask = inside.any(-1)
        attention = torch.zeros(())
        for weights in output.cross_attentions:
            mass = (weights[:, :_LED_HEADS].float() * inside[:, None]).sum(-1).clamp_min(1e-6)
            attention = attention - mass.log().mean(1)[mask].mean() / len(output.cross_attentions)
        return {
            "token": token,
            "language": language,
            "word": word,
            "previous": previous,
            "phoneme": phoneme,
            "attention": attention,
        }
