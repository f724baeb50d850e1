"""What a request may ask for: settings that a tier does not have are clamped or left out, and named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from revenuer.provenance.shaping_json import Fields, fields_of, holder, is_empty, raw_of, value_of
from revenuer.provenance.shaping_plan import Family, Tier

__all__ = ["limited"]

# Code and arguments for the sampler, and templates: the operator's, and some of them run on the server.
_SAMPLERS: Final = (
    "vllm_xargs", "extra_args", "custom_logit_processor", "custom_params", "logits_processors", "logits_processor",
    "chat_template", "return_hidden_states", "return_token_ids", "return_tokens_as_token_ids", "kv_transfer_params",
)  # fmt: skip
_PROMPT: Final = ("prompt_logprobs", "return_prompt_logprobs", "logprob_start_len", "input_top_logprobs")
_BIAS: Final = ("logit_bias", "allowed_token_ids")
_MANY: Final = ("n", "best_of", "num_return_sequences")
# With these a server would hand out reasoning as part of the answer, where nobody can tell it apart.
_INLINE: Final = ("separate_reasoning", "skip_special_tokens", "include_stop_str_in_output")
_INCLUDED: Final = "message.output_text.logprobs"


def limited(family: Family, asked: Fields, tier: Tier) -> tuple[Fields, tuple[str, ...]]:
    """The request as the tier may put it.

    Args:
        family: which API.
        asked: fields of the body; those of `extra_body` in it are treated alike.
        tier: of the account.

    Returns:
        Fields, and the settings that were changed or left out, each once, in alphabetical order.
    """
    given = dict(asked)
    names = {
        *_dropped(given, () if tier.samplers else _SAMPLERS),
        *_dropped(given, () if tier.prompt_logprobs else _PROMPT),
        *_dropped(given, () if tier.echo else ("echo",)),
        *_dropped(given, () if tier.logit_bias else _BIAS),
        *_inline(given, tier),
        *_clamped(given, _MANY, tier.n, least=1),
        *_logprobs(family, given, tier),
    }
    if holder(given.get("extra_body"), b"{"):
        inner, more = limited(family, fields_of(given["extra_body"]), tier)
        given["extra_body"] = raw_of(inner)
        names |= {*more}
    return given, tuple(sorted(names))


def _dropped(given: Fields, names: Iterable[str]) -> list[str]:
    """Leave settings out; those that asked for nothing go without a word."""
    return [name for name in names if name in given and not is_empty(given.pop(name))]


def _inline(given: Fields, tier: Tier) -> list[str]:
    found = [] if tier.reasoning == "raw" else [name for name in _INLINE if value_of(given.get(name)) is not None]
    for name in found:
        del given[name]
    return found


def _clamped(given: Fields, names: Iterable[str], most: int, *, least: int) -> list[str]:
    """Bring numbers down to `most`; what is no number, or one below `least` (-1: all there are), becomes `most`."""
    found = [
        name for name in names if (value := value_of(given.get(name))) is not None and not _fits(value, least, most)
    ]
    for name in found:
        given[name] = raw_of(most)
    return found


def _fits(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _logprobs(family: Family, given: Fields, tier: Tier) -> list[str]:
    biased = any(name in given and not is_empty(given[name]) for name in _BIAS)
    if not tier.logprobs or biased:
        return [*_unasked(family, given), *_excluded(given)]
    names = ("logprobs", "top_logprobs") if family == "completions" else ("top_logprobs",)
    return _clamped(given, names, tier.top_logprobs, least=0)


def _unasked(family: Family, given: Fields) -> list[str]:
    """Leave log-probabilities out; of completions `logprobs = 0` asks for those of the tokens chosen."""
    zero = family == "completions" and value_of(given.get("logprobs")) == 0
    found = _dropped(given, ("logprobs", "top_logprobs"))
    return ["logprobs", *found] if zero else found


def _excluded(given: Fields) -> list[str]:
    """The Responses API asks by a list of what to include."""
    wanted = value_of(given.get("include"))
    if not isinstance(wanted, list) or _INCLUDED not in wanted:
        return []
    given["include"] = raw_of([name for name in wanted if name != _INCLUDED])
    return ["logprobs"]
