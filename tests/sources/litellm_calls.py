"""Run by the Python that has LiteLLM: mocked calls, whose payloads a real callback writes to the file that is named."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # the list of prices is not fetched

import litellm
from litellm.integrations.custom_logger import CustomLogger

CALLS = 6
LINES: list[str] = []
METADATA = {
    "user_api_key_hash": "5e" * 32,
    "user_api_key_user_id": "user-1",
    "user_api_key_org_id": "acme",
    "user_api_key_user_email": "Ada@Example.org",
    "requester_ip_address": "203.0.113.7",
    "user_agent": "OpenAI/Python 1.0",
}


class Writer(CustomLogger):  # type: ignore[misc]
    """Keeps what LiteLLM hands to callbacks; arguments are passed by position or by name."""

    def log_success_event(self, kwargs: Any, *_: Any, **__: Any) -> None:
        """A call that was answered."""
        LINES.append(json.dumps(kwargs["standard_logging_object"], default=str))

    log_failure_event = log_success_event

    async def async_log_success_event(self, kwargs: Any, *_: Any, **__: Any) -> None:
        """The same from a coroutine."""
        self.log_success_event(kwargs)


async def claude() -> None:
    """A call of the messages API."""
    asked = [{"role": "user", "content": "Claude asked"}]
    model = "anthropic/claude-sonnet-4-5"
    await litellm.anthropic_messages(model=model, messages=asked, max_tokens=64, mock_response="Hi", metadata=METADATA)
    await asyncio.sleep(1)


def main() -> None:
    """Five kinds of call, one of them refused for its rate, and one that asks for no text."""
    litellm.suppress_debug_info = True
    litellm.callbacks = [Writer()]
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Chat asked"}]
    litellm.completion(
        model="gpt-4o", messages=chat, mock_response="Chat said", temperature=0.5, max_tokens=77, user="end-1",
        metadata=METADATA,
    )  # fmt: skip
    asked = [{"role": "user", "content": [{"type": "text", "text": "Stream asked"}]}]
    list(litellm.completion(model="gpt-4o", messages=asked, mock_response="Said", stream=True, metadata=METADATA))
    with contextlib.suppress(litellm.RateLimitError):
        litellm.completion(
            model="gpt-4o", messages=[{"role": "user", "content": "Too much"}], mock_response="litellm.RateLimitError",
            metadata=METADATA,
        )  # fmt: skip
    litellm.responses(model="gpt-4o", input="Responses asked", mock_response="Responses said", metadata=METADATA)
    litellm.embedding(model="text-embedding-3-small", input=["no text"], mock_response=[0.1], metadata=METADATA)
    asyncio.run(claude())
    until = time.monotonic() + 60  # callbacks of calls that are not awaited run on threads of their own
    while len(LINES) < CALLS and time.monotonic() < until:
        time.sleep(0.1)
    Path(sys.argv[1]).write_text("".join(f"{line}\n" for line in LINES))


if __name__ == "__main__":
    main()
