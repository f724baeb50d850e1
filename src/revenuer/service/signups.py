"""Sign-ups, judged one after another by those that came before, for as long as a service runs."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from revenuer.response.verification import Applicant, Outcome, VerificationPolicy, known_to_state, read_signups
from revenuer.response.verification import Desk as Judging
from revenuer.state import State

__all__ = ["SignUps"]

_KEY_BYTES: Final = 64


class SignUps:
    """Judges sign-ups for several threads, one at a time; what it has learnt is in memory.

    Args:
        policy: what evidence leads to.
        key: secret of the provider, for hashes and appeal tokens.
        earlier: table of sign-ups that came before, which are learnt first; None: there were none.

    Raises:
        InputError: that table cannot be read.
    """

    def __init__(self, policy: VerificationPolicy, key: bytes, earlier: Path | None) -> None:
        self._policy, self._key = policy, key[:_KEY_BYTES]
        self._earlier = () if earlier is None else read_signups(earlier).applicants
        self._guard = threading.Lock()
        self._judging: Judging | None = None

    def verify(self, state: State, one: Applicant) -> Outcome:
        """The outcome of a sign-up, which is then learnt.

        Raises:
            InputError: a value is of the wrong kind.
            OutputError: the state cannot be read, the first time.
        """
        with self._guard:
            if self._judging is None:
                self._judging = self._begun(state)
            return self._judging.verify(one)

    def _begun(self, state: State) -> Judging:
        begun = Judging(self._policy, confirmed=known_to_state(state), key=self._key)
        for one in self._earlier:
            begun.take(begun.facts(one))
        return begun
