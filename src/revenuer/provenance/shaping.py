"""A request and what its answers will be shaped by: limits of the tier, blocks that came back, the seal of what goes out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from revenuer.errors import InputError
from revenuer.provenance.seal import Binding, Opening, Sealer, public_id
from revenuer.provenance.shaping_blocks import Returned, Unsealing, unsealed
from revenuer.provenance.shaping_json import encoded, fields_of, text_in, value_of
from revenuer.provenance.shaping_plan import Family, Model, ShapingPlan
from revenuer.provenance.shaping_prefix import prefixes, tools_digest
from revenuer.provenance.shaping_reasoning import Treatment
from revenuer.provenance.shaping_request import limited

__all__ = ["DROPPED_HEADER", "LIMITED_HEADER", "Asker", "ShapedRequest", "shaped_request"]

LIMITED_HEADER: Final = "x-features-limited"
DROPPED_HEADER: Final = "x-reasoning-blocks-dropped"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as the gateway knows them; `tier` empty: the plan's default."""

    account: str
    tenant: str = ""
    session: str = ""
    tier: str = ""


@dataclass(frozen=True, slots=True)
class ShapedRequest:
    """A request as it goes to the model, and how its answer is treated.

    Attributes:
        body: to be sent.
        binding: what blocks of the answer are bound to.
        treatment: of the answer.
        limited: settings that were changed or left out.
        returned: blocks that came with the request.
        dropped: how many of these were left out.
        refused: whether an alarm refuses the request.
        issued: public ids of blocks given out so far; grows while the answer is shaped.
    """

    body: bytes
    binding: Binding
    treatment: Treatment
    limited: tuple[str, ...]
    returned: tuple[Returned, ...]
    dropped: int
    refused: bool
    issued: list[str] = field(default_factory=list)

    def headers(self) -> dict[str, str]:
        """What the answer says of it: which features were limited, and how many blocks were left out."""
        how = self.treatment.tier.reasoning
        named = (*self.limited, *(() if how == "raw" else (f"reasoning={how}",)))
        told = {LIMITED_HEADER: ", ".join(named)} if named else {}
        return {**told, DROPPED_HEADER: str(self.dropped)} if self.dropped else told


def shaped_request(
    family: Family, body: bytes, asker: Asker, plan: ShapingPlan, sealer: Sealer, *, now: int
) -> ShapedRequest:
    """Shape a request; deterministic but for the salt of blocks that its answer is given.

    Args:
        family: which API.
        body: as the client sent it.
        asker: who asks.
        plan: what tiers may ask for.
        sealer: opens and seals.
        now: seconds since 1970.

    Raises:
        InputError: the body is not what the API takes.
    """
    try:
        return _shaped(family, body, asker, plan, sealer, now)
    except (RecursionError, UnicodeEncodeError) as error:
        raise InputError(f"is no JSON that can be read: {error}") from error


def _shaped(family: Family, body: bytes, asker: Asker, plan: ShapingPlan, sealer: Sealer, now: int) -> ShapedRequest:
    asked = fields_of(body)
    whole = {name: value_of(raw) for name, raw in asked.items()}
    tier, model = plan.tier_of(asker.tier), text_in(asked, "model")
    before, tools = prefixes(family, whole), tools_digest(whole)
    binding = Binding(asker.tenant, asker.account, asker.session, model, before[-1], tools)

    def opener(block: str, prefix: str) -> Opening:
        return sealer.open(block, replace(binding, prefix=prefix), now=now)

    unsealing = Unsealing(opener, plan.seal, strangers=tier.reasoning != "raw")
    given, names = limited(family, unsealed(family, asked, before, unsealing), tier)
    issued: list[str] = []

    def seal(payload: bytes) -> str:
        block = sealer.seal(payload, binding, expires=now + int(plan.ttl_hours * 3600))
        issued.append(public_id(block))
        return block

    treatment = Treatment(tier, seal, plan.model.get(model, Model()).think, plan.notice)
    return ShapedRequest(
        encoded(given),
        binding,
        treatment,
        names,
        tuple(unsealing.returned),
        unsealing.dropped,
        unsealing.refused,
        issued,
    )
