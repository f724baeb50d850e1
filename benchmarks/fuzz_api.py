"""Schemathesis against the live administration: made-up requests by its own OpenAPI, each answer held against it.

    python benchmarks/fuzz_api.py [--examples 50] [--seed 1] [--phases examples,coverage,fuzzing,stateful]

A real server with a real issuer, a state with campaigns, decisions and appeals, and a person who has every role. Prints
what Schemathesis prints; exits 1 if it found anything. Needs the packages of the group `dev`.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

# A cursor or an id may be of the right form and yet name nothing: that such data is refused is no fault.
LEFT_OUT = "positive_data_acceptance"


# RFC 6585 has a status of its own for a missing If-Match.
SETTINGS = "[checks.missing_required_header]\nexpected-statuses = [400, 401, 403, 406, 415, 422, 428]\n"
# A batch is JSON lines, for which Schemathesis has no writer of its own.
HOOKS = """import schemathesis
@schemathesis.serializer("application/x-ndjson")
def lines(_context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
"""


def fuzz(here: Any, *options: str, examples: int, seed: int, phases: str) -> list[subprocess.CompletedProcess[str]]:
    """Run Schemathesis against a live service: as a person with every role, and as a key where no person may come."""
    person = here.person("ada", "viewer", "analyst", "approver", "admin")
    how = {"examples": examples, "seed": seed}
    alone = ",".join(phase for phase in phases.split(",") if phase != "stateful") or "fuzzing"  # no link leads there
    return [
        _run(here, person, "--exclude-operation-id", "send_exchanges", *options, phases=phases, **how),
        _run(here, here.key(), "--include-operation-id", "send_exchanges", *options, phases=alone, **how),
    ]


def _run(
    here: Any, secret: str, *options: str, examples: int, seed: int, phases: str
) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{str(here.http.base_url).rstrip(chr(47))}/openapi.json",
        "--header", f"Authorization: Bearer {secret}", "--checks", "all", "--exclude-checks", LEFT_OUT,
        "--phases", phases, "--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure",
        "--suppress-health-check", "all", "--no-color", *options,
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schemathesis.toml").write_text(SETTINGS)
        (Path(folder) / "lines_hook.py").write_text(HOOKS)
        known = {"SCHEMATHESIS_HOOKS": "lines_hook", "PYTHONPATH": folder, "PYTHONUTF8": "1"}
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=known)  # noqa: S603


def main() -> int:
    """Fuzz, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=50, help="made-up requests of each operation, by kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    given = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    world = importlib.import_module("admin_world")  # the live service of the tests
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with world.site(str(place / "state.db"), place / "traffic") as here:
            world.fill(here.desk)
            done = fuzz(here, examples=given.examples, seed=given.seed, phases=given.phases)
    for one in done:
        print(one.stdout, one.stderr, sep="\n")
    return max(one.returncode for one in done)


if __name__ == "__main__":
    sys.exit(main())
