"""A real LiteLLM proxy asks a real server, with the five lines that docs/service.md shows; it runs apart, as its requirements need."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from gateway_world import TASK, patiently, recorded, serving

DOCS = Path(__file__).parents[2] / "docs" / "service.md"
README = DOCS.parents[1] / "README.md"
PYTHON = os.environ.get("REVENUER_LITELLM_PYTHON") or (sys.executable if importlib.util.find_spec("litellm") else None)

RUNNING = re.compile(r"Uvicorn running on http://127\.0\.0\.1:(\d+)")

# Who a key belongs to; a proxy with a database knows it by itself.
PEOPLE = """
from litellm.proxy._types import UserAPIKeyAuth

async def people(request, api_key):
    return UserAPIKeyAuth(api_key=api_key, user_id={"sk-1": "acct-1", "sk-2": "somebody"}[api_key])
"""
MODEL = """
model_list:
  - model_name: m
    litellm_params: {model: openai/m, api_key: none, mock_response: hello from the model}
general_settings: {custom_auth: people.people}
"""


def five_lines() -> str:
    """The configuration in the documentation."""
    (found,) = re.findall(r"```yaml\n(guardrails:.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


@contextmanager
def proxy(folder: Path, port: int) -> Iterator[int]:
    """A running proxy; its port."""
    (folder / "people.py").write_text(PEOPLE, encoding="utf-8")
    config = folder / "config.yaml"
    config.write_text(MODEL + five_lines().replace(":8087", f":{port}"), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {
        "HTTP_PROXY": "",
        "HTTPS_PROXY": "",
        "http_proxy": "",
        "https_proxy": "",
        "LITELLM_MODE": "PRODUCTION",
    }
    environment |= {
        "REVENUER_SERVE_TOKEN": "s3cret",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MASTER_KEY": "sk-" + "5e" * 32,
    }
    code = "from litellm.proxy.proxy_cli import run_server; run_server()"
    command = [str(PYTHON), "-c", code, "--config", str(config), "--host", "127.0.0.1", "--port", "0"]
    told = folder / "proxy.log"
    with told.open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)  # noqa: S603
        try:
            patiently(lambda: bool(RUNNING.search(told.read_text())) or process.poll() is not None, 300)
            found = RUNNING.search(told.read_text())
            assert found, told.read_text()[-3_000:]
            yield int(found[1])
        finally:
            process.terminate()
            process.wait(60)


def chat(port: int, key: str, prompt: str) -> tuple[int, Any]:
    """Status and body of a client's request to the model."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": prompt}]})
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_the_front_page_shows_the_same_five_lines() -> None:
    """What the README tells LiteLLM's users is what is shown working below."""
    assert f"```yaml\n{five_lines()}```" in README.read_text(encoding="utf-8")
    assert len(five_lines().splitlines()) == 5


@pytest.mark.slow
@pytest.mark.skipif(PYTHON is None, reason="LiteLLM is not installed here, nor named by REVENUER_LITELLM_PYTHON")
def test_five_lines_protect_a_litellm_proxy(tmp_path: Path) -> None:
    """Honest requests are answered; a flagged account and a campaign's task get 400 with reason and decision; if we are gone, they pass."""
    url = str(tmp_path / "state.db")
    recorded(url)
    with (
        serving(url, tmp_path, environment={"REVENUER_SERVE_TOKEN": "s3cret"}) as gate,
        proxy(tmp_path, gate.port) as port,
    ):
        status, said = chat(port, "sk-2", "How do I bake bread?")
        assert (status, said["choices"][0]["message"]["content"]) == (200, "hello from the model")
        for key, prompt, reason in (("sk-1", "Hello?", "CAMPAIGN-MEMBER-MIXED"), ("sk-2", TASK, "CAMPAIGN-TASK")):
            status, said = chat(port, key, prompt)
            assert status == 400
            assert f"({reason}, decision D-" in json.dumps(said)
        gate.stop()
        assert chat(port, "sk-1", "Hello?")[0] == 200
