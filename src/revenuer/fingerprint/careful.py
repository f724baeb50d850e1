"""The careful model: what a text asks for, from its sentence vector; for the few texts that speak for many."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from revenuer.errors import InputError, MissingExtraError, reason
from revenuer.fingerprint.encoder import WIDTH, encoder, encoder_installed, request_vectors
from revenuer.schema import CAPABILITIES

__all__ = ["FILE", "CarefulModel", "Wanted", "careful_model"]

F32 = npt.NDArray[np.float32]

Wanted = Literal["auto", "on", "off"]

FILE: Final = "careful.npz"


@dataclass(frozen=True, slots=True)
class CarefulModel:
    """A linear head over sentence vectors. It adds to the fast model, which it does not replace.

    Attributes:
        weights: shape (WIDTH, capabilities), int8.
        scale: shape (capabilities,), float32; one weight step of each column.
        bias: shape (capabilities,), float32.
        mix: shape (2,), float32; what the fast model's logits and its own weigh together, chosen on sources that neither
            had seen.
        place: folder in which vectors of texts outlast the process; None: nowhere.
        digest: SHA-256 of the file it was read from, in hex; empty for a head that stands in no file.
    """

    weights: npt.NDArray[np.int8]
    scale: F32
    bias: F32
    mix: F32
    place: Path | None = None
    digest: str = ""

    @classmethod
    def load(cls, path: Path | None = None, *, place: Path | None = None) -> CarefulModel:
        """Read a head from the folder `path`, or the packaged one.

        Raises:
            InputError: the file is missing or is not a head of this version.
        """
        file = _weights(path)
        try:
            content = file.read_bytes()
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                return replace(cls._from_arrays(dict(stored)), place=place, digest=hashlib.sha256(content).hexdigest())
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise InputError(f"is not a head of the careful model: {reason(error)}", file=str(file)) from error

    @classmethod
    def _from_arrays(cls, stored: dict[str, Any]) -> CarefulModel:
        if stored["weights"].shape != (WIDTH, len(CAPABILITIES)):
            raise ValueError("weights are not of this encoder and these capabilities")
        return cls(stored["weights"], stored["scale"], stored["bias"], stored["mix"])

    def of_vectors(self, vectors: F32) -> F32:
        """Logits, shape (n, capabilities), from `request_vectors`."""
        said: F32 = (vectors @ self.weights.astype(np.float32)) * self.scale + self.bias
        return said

    def score(self, prompts: Sequence[str], systems: Sequence[str]) -> F32:
        """Logits of requests, shape (n, capabilities), uncalibrated: `fused` makes them worth something.

        Args:
            prompts: n newest user messages.
            systems: n system prompts, "" for none.

        Raises:
            MissingExtraError: the extra `encoder` is not installed.
            ConfigError: the folder for vectors cannot be used.
        """
        return self.of_vectors(request_vectors(encoder(self.place), prompts, systems))

    def fused(self, fast: F32, careful: F32) -> F32:
        """Calibrated logits of both models together, shape (n, capabilities), from those of each."""
        both: F32 = self.mix[0] * fast + self.mix[1] * careful
        return both


def careful_model(wanted: Wanted, path: Path | None = None, *, place: Path | None = None) -> CarefulModel | None:
    """The careful model, if it is to be used.

    Args:
        wanted: `auto`: if the extra is installed and the weights have a head; `on`: in any case; `off`: not.
        path: folder of weights; None: the packaged ones.
        place: folder in which vectors of texts outlast the process.

    Raises:
        MissingExtraError: it must be used and the extra `encoder` is not installed.
        InputError: there is no such head, and it must be used; or the file is none.
    """
    if wanted == "off" or (wanted == "auto" and not (encoder_installed() and _weights(path).is_file())):
        return None
    if not encoder_installed():
        raise MissingExtraError("the careful model", "encoder")
    return CarefulModel.load(path, place=place)


def _weights(path: Path | None) -> Path | Traversable:
    return path / FILE if path is not None else resources.files("revenuer.fingerprint") / "weights" / FILE
