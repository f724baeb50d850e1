"""The desk at which sign-ups are judged one after another: what `/v1/verify` and `revenuer verify` stand on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from revenuer.response.verification.applicant import Applicant
from revenuer.response.verification.confirmed import Confirmed
from revenuer.response.verification.facts import Facts, reduced
from revenuer.response.verification.history import History
from revenuer.response.verification.judging import Weighed, clean_signals, conclude, judge, new_bases, weigh
from revenuer.response.verification.network import Feed
from revenuer.response.verification.outcome import Outcome
from revenuer.response.verification.policy import VerificationPolicy

__all__ = ["Desk"]

KEY_BYTES: Final = 64


class Desk:
    """Judges each sign-up by those that came before it.

    Times must not go back: a sign-up dated before one that was learnt is judged by all that is known. Not for several
    threads at once.

    Args:
        policy: what evidence leads to.
        confirmed: campaigns that are known.
        feed: of networks.
        key: secret of the provider, for hashes of addresses and numbers and for appeal tokens; at most 64 bytes are used.
    """

    def __init__(
        self,
        policy: VerificationPolicy,
        *,
        confirmed: Iterable[Confirmed] = (),
        feed: Feed | None = None,
        key: bytes = b"",
    ) -> None:
        self.policy, self._key = policy, key[:KEY_BYTES]
        self._lists, self._feed = policy.lists(), feed or Feed()
        self.history = History(new_bases(), confirmed)

    def facts(self, one: Applicant) -> Facts:
        """A sign-up, reduced to what may be looked at."""
        return reduced(one, self._lists, self._feed, self._key)

    def judge(self, one: Applicant) -> Outcome:
        """What the policy says of a sign-up now; it is not learnt."""
        facts = self.facts(one)
        self.history.advance(facts.at)
        return judge(facts, self.history, self.policy, self._key)

    def verify(self, one: Applicant) -> Outcome:
        """Judge a new sign-up, then learn it for those that follow."""
        facts = self.facts(one)
        return self.concluded(facts, self.take(facts))

    def take(self, facts: Facts) -> Weighed:
        """Weigh a new sign-up, then learn it."""
        self.history.advance(facts.at)
        weighed = weigh(facts, self.history, self.policy)
        self.history.learn(facts, weighed.bins, clean_signals(weighed))
        return weighed

    def concluded(self, facts: Facts, weighed: Weighed) -> Outcome:
        """The outcome of what was weighed."""
        return conclude(facts, weighed, self.policy, self._key)
