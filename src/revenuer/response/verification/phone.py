"""Phone numbers: brought into one form, so that one number is one key; of where a number is from nothing is kept."""

from __future__ import annotations

from revenuer.errors import MissingExtraError

__all__ = ["read_number"]


def read_number(text: str) -> str | None:
    """The number in E.164, or None if it cannot be one by its length.

    What kind of line a numbering plan gives it is not asked: plans of some countries tell Internet lines apart and
    others do not, so that the answer would depend on the country. The operator's carrier look-up says it (`phone_kind`).

    Raises:
        MissingExtraError: the extra `verification` is not installed.
    """
    try:
        import phonenumbers  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("verification of sign-ups", "verification") from error
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
