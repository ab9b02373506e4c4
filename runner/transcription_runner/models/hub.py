"""Whose models may come from the model hub.

Weights of some kinds are pickles: loading them runs whatever their author put there. pyannote's are; those of Whisper
(CTranslate2) are not, and aligners' are read without running anything. So a pod takes pickles of known owners only.
"""

from collections.abc import Sequence

from transcription_runner.errors import ConfigurationError

PICKLE_OWNERS = ("pyannote",)
"""Whose pickles are taken where no owners are listed."""

_owners: tuple[str, ...] | None = None


def use_hub_owners(owners: Sequence[str] | None) -> None:
    """From now on take models of these owners alone; no owner: anybody's, but pickles of PICKLE_OWNERS. None: anything.

    For the whole process. Where a person names models for a machine of theirs, nothing is restricted.
    """
    global _owners
    _owners = None if owners is None else tuple(owners)


def check_owner(name: str, *, pickled: bool) -> None:
    """Raises ConfigurationError (ModelNotAllowed) for a hub model, owner/name, that is not of an allowed owner.

    Names without an owner stand for what the libraries that know them chose.
    """
    allowed = _owners or (PICKLE_OWNERS if pickled else ())
    if _owners is None or not allowed:
        return
    owner, slash, _ = name.partition("/")
    if slash and owner not in allowed:
        why = " (its weights are pickles, which can run programs)" if pickled and not _owners else ""
        raise ConfigurationError(
            "ModelNotAllowed",
            f"models of {owner} may not be taken from the hub, as {name!r} would be, but of {', '.join(allowed)}{why}: name "
            f"another, or a folder that holds the model, or have {owner} listed in policy.hubOwners of the operator's chart",
        )
