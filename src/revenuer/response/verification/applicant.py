"""Who asks to be let in: what a sign-up form, the payment provider and the network know of one applicant."""

from __future__ import annotations

from datetime import datetime

import msgspec

__all__ = ["Applicant"]


class Applicant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One sign-up. Only `account_id` and `created_at` have to be there; what is not known says nothing.

    There is no field for a country, a nationality, a name, a script or a language, and a field that is not known
    here is refused: nothing of the kind can reach a decision. Of `email` and `phone` only hashes under the key of
    the provider, the domain and the shape of the local part are kept.

    Attributes:
        account_id: of the account asked for.
        created_at: when, with its zone.
        org_id: organisation that the provider has on file.
        email: address as given; or in its place `email_domain`, `email_hash` (of the canonical address, so that
            aliases of one mailbox agree) and `email_local_shape` (see `mail.shape_of`).
        phone: as given, with `+`; or in its place `phone_hash`.
        phone_kind: what the carrier look-up of the operator says, such as `mobile`, `fixed`, `voip`.
        payment_fingerprint: of the card or account that pays; `card_bin`: the issuer's part of its number.
        payment_kind: see `schema.VALUES`.
        payment_stolen: the payment provider reports this very card as stolen.
        plan, programme: asked for; see `schema.VALUES`.
        signup_ip, asn: where the request came from.
        network_kind: such as `hosting`, from the operator's feed where the caller has looked it up.
        device_fingerprint: of the browser or app.
        verified: an earlier verification stands.
        proofs: names of the policy's proofs that were brought and checked, such as `academic_mail_loop`.
        credits_drained_hours: hours from the grant until its credits were used up.
        bulk_after_hours: hours from the verification until traffic in bulk.
    """

    account_id: str
    created_at: datetime
    org_id: str | None = None
    email: str | None = None
    email_domain: str | None = None
    email_hash: str | None = None
    email_local_shape: str | None = None
    phone: str | None = None
    phone_hash: str | None = None
    phone_kind: str | None = None
    payment_fingerprint: str | None = None
    card_bin: str | None = None
    payment_kind: str | None = None
    payment_stolen: bool | None = None
    plan: str | None = None
    programme: str | None = None
    signup_ip: str | None = None
    asn: int | None = None
    network_kind: str | None = None
    device_fingerprint: str | None = None
    verified: bool | None = None
    proofs: tuple[str, ...] | None = None
    credits_drained_hours: float | None = None
    bulk_after_hours: float | None = None
