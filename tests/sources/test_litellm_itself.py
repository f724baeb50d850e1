"""What LiteLLM itself writes is read; it runs apart, since its requirements and ours need not fit together."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from gateway_logs import converted

CALLS = Path(__file__).with_name("litellm_calls.py")
PYTHON = os.environ.get("REVENUER_LITELLM_PYTHON") or (sys.executable if importlib.util.find_spec("litellm") else None)


@pytest.mark.slow
@pytest.mark.skipif(PYTHON is None, reason="LiteLLM is not installed here, nor named by REVENUER_LITELLM_PYTHON")
def test_payloads_of_real_callbacks_become_exchanges(tmp_path: Path) -> None:
    """Chat, stream, Responses, Claude's messages and a rate limit are exchanges; an embedding is none."""
    log = tmp_path / "payloads.jsonl"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}  # nothing is fetched
    done = subprocess.run(  # noqa: S603
        [str(PYTHON), str(CALLS), str(log)], capture_output=True, text=True, check=False, timeout=300, env=environment
    )
    assert done.returncode == 0, done.stderr
    rows, conversion = converted(log, tmp_path / "out")
    assert conversion.format == "litellm"
    assert (conversion.rows.written, conversion.rows.passed_over, conversion.quarantined) == (5, 1, {})
    assert {row["prompt"]: (row.get("response"), row["status"]) for row in rows} == {
        "Chat asked": ("Chat said", "ok"),
        "Stream asked": ("Said", "ok"),
        "Too much": (None, "rate_limited"),
        "Responses asked": ("Responses said", "ok"),
        "Claude asked": ("Hi", "ok"),
    }
    for row in rows:
        assert (row["account_id"], row["org_id"], row["credential_id"]) == ("user-1", "acme", "5e" * 32)
        assert (row["ip"], row["user_agent"]) == ("203.0.113.7", "OpenAI/Python 1.0")
        assert abs(row["ts"].timestamp() - time.time()) < 300
    (chat,) = (row for row in rows if row["prompt"] == "Chat asked")
    assert (chat["system"], chat["temperature"], chat["max_tokens"], chat["end_user_id"]) == (
        "Be brief.",
        0.5,
        77,
        "end-1",
    )
