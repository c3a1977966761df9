"""目視確認: whether staff may identify a holder by looking, and what is known of the card's photo.

A look compares the face with the photo on the card.  Where there is none, on a phone or on the card
of a child that was issued before its first birthday, there is nothing to compare: the PIN is the
only way, and the guardian types it.

What cannot be known: the chip tells whether there is a photo only to who has 照合番号B, and the
holder's age only the payer knows.  Before either is there, staff see for themselves that a card has
no photo.
"""

from __future__ import annotations

from datetime import date

from eligibility.model import CardSubject
from terminal.card.jpki import TokenKind
from terminal.errors import LookReason
from terminal.visit import Visit

CARDS_WITHOUT_PHOTO_SINCE = date(2024, 12, 2)
"""Since this day cards for children under one year bear no photo."""

PHONES = frozenset({TokenKind.ANDROID, TokenKind.IPHONE})


def has_no_photo(birthdate: date, certificate_from: date) -> bool:
    """Whether a card surely has no photo: made since there are such, for a child under one.

    ``certificate_from``: first day of its certificate; the card itself is no younger.  A child that
    was older then may still have such a card with a newer certificate: False is not "has one".
    """
    if not CARDS_WITHOUT_PHOTO_SINCE <= birthdate <= certificate_from:
        return False
    return certificate_from < first_birthday(birthdate)


def first_birthday(birthdate: date) -> date:
    """Return the day on which a child is one year old; the 1 March where born on a leap day."""
    if (birthdate.month, birthdate.day) == (2, 29):
        return date(birthdate.year + 1, 3, 1)
    return birthdate.replace(year=birthdate.year + 1)


def look_refused_because(visit: Visit) -> LookReason | None:
    """Return why a look cannot identify this visit's holder, None where it can."""
    if visit.certificate_reason is not None:
        return LookReason.CERTIFICATE
    if visit.token in PHONES:
        return LookReason.PHONE
    if visit.has_photo is False:
        return LookReason.NO_PHOTO
    if not isinstance(visit.subject, CardSubject):
        return LookReason.NO_CARD
    return None
