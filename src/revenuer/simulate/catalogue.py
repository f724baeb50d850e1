"""The imagined provider's world: models, client software, networks, mail domains and their shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CLIENTS", "DOMAINS", "GATES", "MODELS", "NETWORK_KINDS", "SDK_CLIENTS", "WEB_CLIENTS", "Client", "Model"]


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the provider; `day` is its release in days from the start of the window."""

    name: str
    tier: str
    day: float


MODELS: Final = (
    Model("meridian-large-3", "large", -310.0),
    Model("meridian-large-3.5", "large", -120.0),
    Model("meridian-large-4", "large", 5.63),
    Model("meridian-medium-3", "medium", -290.0),
    Model("meridian-medium-3.5", "medium", -74.0),
    Model("meridian-medium-4", "medium", 9.29),
    Model("meridian-small-3", "small", -250.0),
    Model("meridian-small-3.5", "small", -33.0),
)


@dataclass(frozen=True, slots=True)
class Client:
    """Client software: its user agent, TLS fingerprint, kind (`web`, `sdk`, `agent`) and popularity."""

    user_agent: str
    tls: str
    kind: str
    weight: float


def _browsers() -> list[Client]:
    systems = ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64")
    rows = []
    for version, recent in (("139", 0.5), ("140", 1.0), ("141", 2.0)):
        for system, share in zip(systems, (3.0, 2.0, 0.4), strict=True):
            agent = (
                f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
            )
            rows.append(Client(agent, f"t13d1516h2_8daaf6152771_{version}a", "web", recent * share))
    for version, recent in (("142", 0.6), ("143", 1.1)):
        for system, share in zip(systems, (1.0, 0.5, 0.4), strict=True):
            agent = f"Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
            rows.append(Client(agent, f"t13d1717h2_5b57614c22b0_{version}f", "web", recent * share))
    phone = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_{} like Mac OS X) AppleWebKit/605.1.15 Version/19.{} Mobile Safari/604.1"
    )
    rows += [Client(phone.format(m, m), "t13d2014h2_a09f3c656075_ios", "web", 1.5) for m in range(3)]
    return rows


def _sdks() -> list[Client]:
    rows = [
        Client(f"meridian-python/1.{30 + m}.{m % 4}", "t13d1812h1_85036bcba153_py", "sdk", 0.4 + m / 5)
        for m in range(14)
    ]
    rows += [Client(f"meridian-node/2.{10 + m}.0", "t13d1714h1_5b57614c22b0_js", "sdk", 0.3 + m / 6) for m in range(9)]
    for name, tls, weight in (
        ("python-requests/2.32.3", "t13d1812h1_85036bcba153_rq", 2.0),
        ("python-httpx/0.28.1", "t13d1812h1_85036bcba153_hx", 2.0),
        ("aiohttp/3.11.9", "t13d1812h1_85036bcba153_ai", 1.6),
        ("Go-http-client/2.0", "t13d1312h2_f57a46bbacb6_go", 1.4),
        ("okhttp/4.12.0", "t13d1613h2_46e7e9700bed_ok", 0.8),
        ("axios/1.7.9", "t13d1714h1_5b57614c22b0_ax", 1.0),
        ("curl/8.9.1", "t13d3112h2_e8f1e7e78f70_cu", 0.6),
        ("Java-http-client/21.0.4", "t13d1511h2_2b729b4bf6f3_jv", 0.7),
        ("LangClient/0.9.4", "t13d1812h1_85036bcba153_hx", 1.2),
        ("node-fetch/3.3.2", "t13d1714h1_5b57614c22b0_nf", 0.7),
        ("Ruby/3.3", "t13d1411h1_c7886603b240_rb", 0.2),
        ("reqwest/0.12.9", "t13d1010h2_61a7ad8aa9b6_rs", 0.5),
    ):
        rows.append(Client(name, tls, "sdk", weight))
    return rows


def _agents() -> list[Client]:
    return [
        Client(f"{name}/{version}", tls, "agent", weight)
        for name, tls, weight in (
            ("meridian-code", "t13d1714h1_5b57614c22b0_mc", 4.0),
            ("opensmith-cli", "t13d1714h1_5b57614c22b0_os", 2.0),
            ("tidewater-ide", "t13d1516h2_8daaf6152771_tw", 1.5),
        )
        for version in ("1.8.2", "1.9.0", "1.9.3")
    ]


CLIENTS: Final = tuple(_browsers() + _sdks() + _agents())
WEB_CLIENTS: Final = tuple(i for i, c in enumerate(CLIENTS) if c.kind == "web")
SDK_CLIENTS: Final = tuple(i for i, c in enumerate(CLIENTS) if c.kind == "sdk")

DOMAINS: Final[dict[str, tuple[str, ...]]] = {
    "popular": (
        "post.example", "postbox.example", "inbox.example", "mailhaus.example", "courier.example", "letterbox.example",
        "webmail.example", "quickpost.example", "skymail.example", "mail-united.example",
    ),
    "disposable": (
        "tempdrop.example", "tenminute.example", "burnbox.example", "mailcatch.example", "guerrillapost.example",
        "spamhole.example", "dropletter.example", "onceonly.example",
    ),
}  # fmt: skip

# How many networks of a kind the world holds; a network is one /16 with one number.
NETWORK_KINDS: Final = {"residential": 150, "mobile": 25, "office": 60, "hosting": 50, "vpn": 10, "campus": 25}
# Addresses that many people come through (carriers, VPN exits, cloud egress): how many there are, and the share behind them.
GATES: Final = {
    "mobile": (240, 1.0),
    "vpn": (90, 0.7),
    "hosting": (160, 0.25),
    "office": (60, 0.1),
    "campus": (40, 0.5),
}
