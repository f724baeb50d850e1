"""What cannot be judged when a source lacks a column or a table: one sentence each, kept as data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from revenuer.schema import REQUIRED, TABLES, TableName
from revenuer.summary import MissingColumn as Missing

__all__ = ["CONSEQUENCES", "WHOLE_TABLE", "Missing", "missing_columns"]

WHOLE_TABLE: Final = "*"

CONSEQUENCES: Final[Mapping[TableName, Mapping[str, str]]] = {
    "exchanges": {
        "org_id": "accounts of one organisation cannot be recognised as such, nor consents by organisation be matched.",
        "credential_id": "nothing: this version draws no conclusion from it.",
        "end_user_id": "nothing: this version draws no conclusion from it.",
        "session_id": "conversations are made up from turns and pauses, or from pauses alone.",
        "turn": "conversations cannot be told from single requests by their depth.",
        "pathway": "the spread of a campaign over cloud platforms and resellers, and its moves between them, cannot be shown.",
        "model": "moves to a newly released model cannot be found.",
        "ip": "shared addresses and subnets cannot link accounts.",
        "asn": "nothing: this version draws no conclusion from it.",
        "user_agent": "client software cannot link accounts, nor explain text that a public client sends for everyone.",
        "tls_fingerprint": "a common TLS client cannot link accounts.",
        "system": "system prompts cannot link accounts, nor explain a product's traffic as innocent.",
        "response": "nothing: this version judges by what was asked.",
        "input_tokens": "with `--content none` the size of a request is unknown.",
        "output_tokens": "the text model does without the length of answers.",
        "max_tokens": "common limits cannot link accounts that send bare tasks.",
        "temperature": "common sampling settings cannot link accounts that send bare tasks.",
        "tools": "tool use is recognised by text alone.",
        "images": "requests with images cannot be recognised.",
        "thinking": "common settings for reasoning cannot link accounts that send bare tasks; the text model does without it.",
        "reasoning_refs": "reasoning blocks that come back from another account cannot be found.",
        "reasoning_issued": "it is unknown whom reasoning blocks were given to: those that come back from another account cannot be found.",
        "status": "refusals at a campaign's start, and requests that another account takes up at once, cannot be seen.",
    },
    "accounts": {
        WHOLE_TABLE: "nothing is known of how accounts signed up and pay: the channels signup and payment weigh nothing.",
        "org_id": "accounts of one organisation cannot be recognised by their sign-up.",
        "created_at": "bursts of sign-ups, and accounts that follow a ban, cannot be seen.",
        "email_domain": "look-alike and disposable mail domains cannot link accounts.",
        "email_hash": "variants of one address cannot link accounts.",
        "payment_fingerprint": "a common means of payment cannot link accounts.",
        "payment_kind": "nothing: this version draws no conclusion from it.",
        "plan": "the plans of a campaign cannot be shown, nor accounts be held against honest ones of their plan.",
        "programme": "classes and programmes cannot be recognised as such.",
        "verified": "nothing: this version draws no conclusion from it.",
        "signup_ip": "a common address at sign-up cannot link accounts.",
        "device_fingerprint": "a common device cannot link accounts.",
        "phone_hash": "a common telephone number cannot link accounts.",
    },
    "releases": {WHOLE_TABLE: "moves to a newly released model cannot be dated."},
    "enforcement": {
        WHOLE_TABLE: "it is unknown which accounts were banned: successors of banned accounts cannot be found."
    },
    "consents": {WHOLE_TABLE: "agreed distillation, evaluation and research cannot be excused by agreement."},
}


def missing_columns(table: TableName, present: Collection[str] | None) -> tuple[Missing, ...]:
    """The columns that no file of a table holds, in schema order, each with its consequence.

    Args:
        table: the table.
        present: its columns that hold values; None: the table is not there at all.
    """
    said = CONSEQUENCES[table]
    if present is None:
        return (Missing(table, WHOLE_TABLE, said[WHOLE_TABLE]),)
    absent = [name for name in TABLES[table].names if name not in present and name not in REQUIRED[table]]
    return tuple(Missing(table, name, said[name]) for name in absent if name in said)
