"""Made-up requests by the service's own description, and the description held against what is served."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("uvicorn", reason="needs the extra 'service'")
pytest.importorskip("httpx", reason="needs httpx to ask with")
pytest.importorskip("schemathesis", reason="needs schemathesis")

from admin_world import fill, site
from revenuer.response.verification import default_verification_policy
from revenuer.service.admin import endpoints

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))


def test_made_up_requests_find_nothing(tmp_path: Path):
    """Schemathesis, a few requests of each operation: no server error, no answer beside its description, no hole."""
    from fuzz_api import fuzz  # noqa: PLC0415 - a program, which finds the helpers of the tests by itself

    with site(str(tmp_path / "state.db"), tmp_path / "traffic") as here:
        fill(here.desk)
        person, key = fuzz(here, "--mode", "positive", examples=2, seed=1, phases="fuzzing")
        told = [(one.returncode, one.stdout[-3_000:] + one.stderr[-1_000:]) for one in (person, key)]
        assert [code for code, _ in told] == [0, 0], "\n".join(text for _, text in told)
        assert "Tested: 1" in key.stdout


def test_the_description_is_of_all_that_is_served(tmp_path: Path):
    """Every operation stands in it with its scope, its refusals and types that it defines; nobody has to be known to read it."""
    with site(str(tmp_path / "state.db"), tmp_path / "traffic") as here:
        found = here.ask("GET", "/openapi.json").json()
        table = {(one.path, one.method.lower()): one for one in endpoints(here.desk)}
    assert found["openapi"] == "3.1.0"
    assert {(path, method) for path, methods in found["paths"].items() for method in methods} == set(table)
    for (path, method), one in table.items():
        told = found["paths"][path][method]
        assert ("security" in told) is (one.scope is not None)
        assert (f"`{one.scope}`" in told.get("description", "")) is (one.scope is not None)
        assert {"429", "500", "503", str(one.status)} <= told["responses"].keys()
    text = msgspec.json.encode(found).decode()
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named == set(found["components"]["schemas"])


def test_every_operation_is_in_the_manual(tmp_path: Path):
    """The page has a row for each operation that is served, with its scope, and for no other."""
    page = (Path(__file__).parents[2] / "docs" / "service-admin.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(GET|POST) (/[^`]+)` \| (?:`(\w+)`|none)(.*?) \|", page, re.MULTILINE)
    with site(str(tmp_path / "state.db"), tmp_path / "traffic", signups=default_verification_policy()) as here:
        table = {(one.method, one.path, one.scope or "", one.person) for one in endpoints(here.desk)}
    assert {(method, path, scope, "a person" in who) for method, path, scope, who in rows} == table
