"""A shaping plan: a TOML file that says which tier may ask for what, and how reasoning leaves."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from revenuer.errors import ConfigError
from revenuer.toml_file import parse_toml, read_toml

__all__ = [
    "DEFAULT_NOTICE",
    "Family",
    "Identity",
    "Mode",
    "Model",
    "ShapingPlan",
    "Tier",
    "default_plan",
    "default_plan_text",
    "load_plan",
]

Family = Literal["chat", "completions", "responses", "messages"]
Mode = Literal["strict", "drop", "report"]
SCHEMA: Final = 1
_WHAT: Final = "shaping plan"
DEFAULT_FILE: Final = "shaping_default.toml"
DEFAULT_NOTICE: Final = "The reasoning behind this answer is not shown."

Share = Annotated[int, msgspec.Meta(ge=0)]


class Tier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a group of accounts may ask for, and what it is given.

    Attributes:
        reasoning: `raw`: as the model gave it; `summary`: a summary and a sealed block; `withhold`: a notice and a sealed
            block.
        summary: `upstream`: the model's own summary, or the notice where it gave none; `first_sentence`: the first
            sentence of the reasoning where there is no summary, at most 200 characters, which is reasoning in clear;
            `notice`: always the notice.
        logprobs: whether log-probabilities may be asked for.
        top_logprobs: alternatives at most per token.
        decimals: to which log-probabilities are rounded.
        logit_bias: whether logits may be biased; never together with log-probabilities, which then are left out.
        n: answers at most per request.
        echo: whether the prompt may come back with the answer.
        prompt_logprobs: whether log-probabilities of the prompt may be asked for.
        samplers: whether clients may set sampler plug-ins and their arguments.
    """

    reasoning: Literal["raw", "summary", "withhold"] = "summary"
    summary: Literal["upstream", "first_sentence", "notice"] = "upstream"
    logprobs: bool = False
    top_logprobs: Share = 0
    decimals: Annotated[int, msgspec.Meta(ge=0, le=17)] = 2
    logit_bias: bool = False
    n: Annotated[int, msgspec.Meta(ge=1)] = 1
    echo: bool = False
    prompt_logprobs: bool = False
    samplers: bool = False


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What has to be known of a model.

    Attributes:
        rank: a block of a model of a higher rank that is sent to one of a lower rank is a downgrade.
        think: `tags`: content may open with `<think>`; `opened`: it begins within it, since the chat template has opened
            it; `none`: content holds no reasoning.
    """

    rank: int = 0
    think: Literal["tags", "opened", "none"] = "tags"


class Identity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Headers that the gateway in front sets, and strips from what clients send; empty: there is none.

    Attributes:
        account: without one the account is the digest of the client's credential.
        tenant, session, tier: likewise; without them one tenant, no named session, the default tier.
    """

    account: str = ""
    tenant: str = ""
    session: str = ""
    tier: str = ""


class ShapingPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan as its file has it; see `docs/provenance.md`.

    Attributes:
        default_tier: of accounts for which the gateway names none.
        seal: what becomes of a block that does not open: `strict`: an alarm refuses the request; `drop`: the block is
            left out; `report`: the request stays as it came, for an upstream that holds the keys or ignores the block.
        ttl_hours: how long a block opens.
        on_failure: what becomes of an answer or a request that cannot be understood: `closed`: an error; `open`: it
            passes unshaped.
        others: what becomes of paths that are not shaped: `refuse` or `pass`.
        notice: what stands where reasoning was.
    """

    schema: int
    version: str
    default_tier: str
    tier: dict[str, Tier]
    model: dict[str, Model] = {}
    identity: Identity = Identity()
    seal: Mode = "drop"
    ttl_hours: Annotated[float, msgspec.Meta(gt=0, le=24 * 366)] = 24.0
    on_failure: Literal["closed", "open"] = "closed"
    others: Literal["refuse", "pass"] = "refuse"
    notice: str = DEFAULT_NOTICE

    def ranks(self) -> dict[str, int]:
        """Model to rank."""
        return {name: model.rank for name, model in self.model.items()}

    def tier_of(self, name: str | None) -> Tier:
        """The tier of this name; the default one where none, or none that is known, is named."""
        return self.tier.get(name or "", self.tier[self.default_tier])


def load_plan(path: Path) -> ShapingPlan:
    """Read a plan.

    Raises:
        InputError: the file cannot be read, is no TOML, or holds what no plan holds; names the place.
        ConfigError: its default tier is none of its tiers.
    """
    return _checked(read_toml(path, ShapingPlan, what=_WHAT), str(path))


def default_plan() -> ShapingPlan:
    """The plan that is shipped."""
    return _checked(parse_toml(default_plan_text().encode(), ShapingPlan, name=DEFAULT_FILE, what=_WHAT), DEFAULT_FILE)


def default_plan_text() -> str:
    """The file of the plan that is shipped."""
    return resources.files("revenuer.provenance").joinpath(DEFAULT_FILE).read_text(encoding="utf-8")


def _checked(plan: ShapingPlan, name: str) -> ShapingPlan:
    if plan.schema != SCHEMA:
        raise ConfigError(f"{name}: schema {plan.schema}: this version reads schema {SCHEMA}")
    if plan.default_tier not in plan.tier:
        raise ConfigError(f"{name}: default_tier {plan.default_tier} is none of its tiers")
    return plan
