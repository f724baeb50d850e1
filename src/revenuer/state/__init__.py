"""What outlasts a scan: campaigns with ids that stay, standing, decisions, consents, appeals, and a log of it all."""

try:
    import alembic as _alembic  # noqa: F401 - asked for here, so that the error names the extra
    import sqlalchemy as _sqlalchemy  # noqa: F401
except ImportError as error:
    from revenuer.errors import MissingExtraError

    raise MissingExtraError("the state", "state") from error

from revenuer.state.audit import Entry, Verified, append, entries, verify_chain
from revenuer.state.cases import (
    Outcome,
    Proposal,
    appeal,
    approve,
    in_force,
    judge_campaign,
    listed,
    propose,
    resolve,
    resolve_id,
    shown,
)
from revenuer.state.consents import Consent, consents_at, grant, revoke, utc
from revenuer.state.identity import Known, Matched, match_campaigns
from revenuer.state.record import AccountFound, Recorded, record_scan
from revenuer.state.store import State, open_state

__all__ = [
    "AccountFound",
    "Consent",
    "Entry",
    "Known",
    "Matched",
    "Outcome",
    "Proposal",
    "Recorded",
    "State",
    "Verified",
    "appeal",
    "append",
    "approve",
    "consents_at",
    "entries",
    "grant",
    "in_force",
    "judge_campaign",
    "listed",
    "match_campaigns",
    "open_state",
    "propose",
    "record_scan",
    "resolve",
    "resolve_id",
    "revoke",
    "shown",
    "utc",
    "verify_chain",
]
