"""The shaping proxy on a socket, until it is told to stop."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from revenuer.errors import ConfigError, MissingExtraError, OutputError
from revenuer.listening import bound_to
from revenuer.provenance import KeyFile, ShapingPlan
from revenuer.service.serving import run_on

__all__ = ["shape"]


def shape(
    upstream: str,
    plan: ShapingPlan,
    keys: Path,
    *,
    listen: str = "127.0.0.1:8788",
    events: Path | None = None,
    token: str | None = None,
    on_ready: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serve the shaping proxy until SIGTERM or Ctrl-C; what is under way is answered first.

    Args:
        upstream: base URL of the model API, without the path's `/v1`.
        plan: what tiers may ask for.
        keys: file of the key ring; read again when it changes.
        listen: HOST:PORT; port 0 takes any.
        events: file to which events of sealed blocks are appended, one JSON object a line; readable by its owner alone.
        token: whoever presents it to `/healthz` is told counts.
        on_ready: called with the address once clients may come.

    Raises:
        ConfigError: an address that cannot be listened on, or an upstream that is no URL.
        InputError: the key ring cannot be read.
        OutputError: the file for events cannot be written to.
        MissingExtraError: httpx, Starlette, uvicorn or cryptography is not installed.
    """
    parts = urlsplit(upstream)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"--upstream {upstream}: expected a URL such as http://127.0.0.1:8000")
    try:
        import uvicorn as _uvicorn  # noqa: F401, PLC0415 - asked for here, so that the error names the extra

        from revenuer.service.shaper import Shaper, shaper_app  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("shaping", "service") from error
    with _log_file(events) as file, bound_to(listen, guarded=True) as bound:
        app = shaper_app(Shaper.of(upstream, plan, KeyFile(keys), events=file, token=token))
        run_on(bound, app, on_ready, most=None)  # the upstream says how many it bears


@contextmanager
def _log_file(path: Path | None) -> Iterator[IO[bytes] | None]:
    if path is None:
        yield None
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise OutputError(f"cannot be written to: {error.strerror}", file=str(path)) from error
    with os.fdopen(descriptor, "ab") as file:
        yield file
