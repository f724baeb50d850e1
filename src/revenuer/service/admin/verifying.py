"""Sign-ups over HTTP."""

from __future__ import annotations

from revenuer.errors import InputError, OutputError
from revenuer.response.verification import Applicant, Outcome
from revenuer.service.admin.endpoint import Answer, Call, Endpoint
from revenuer.service.answers import Refused

__all__ = ["ENDPOINTS"]


def verify(call: Call) -> Answer:
    """What becomes of a sign-up."""
    assert call.desk.signups is not None  # noqa: S101 (the endpoint is not there without)
    try:
        return Answer(call.desk.signups.verify(call.desk.state, call.body))
    except OutputError:
        raise
    except (InputError, OverflowError) as error:
        raise Refused(422, str(error)) from error


ENDPOINTS = (
    Endpoint(
        method="POST", path="/v1/verify", name="verify_signup", summary="Say what becomes of a sign-up, and learn it.",
        handle=verify, scope="decide", body=Applicant, answer=Outcome,
    ),
)  # fmt: skip
