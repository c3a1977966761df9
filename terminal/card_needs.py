"""What a card needs that cannot be used as usual: decided once, when it is accepted."""

from __future__ import annotations

from terminal.recognition import CardInReader
from terminal.staff_look import PHONES
from terminal.visit import StaffNeed


def pin_can_be_asked(card: CardInReader) -> bool:
    """Whether the card has a PIN with tries left."""
    return card.has_pin and card.tries_left != 0


def need_of_card(card: CardInReader, *, has_photo: bool | None) -> StaffNeed | None:
    """Return why staff have to come to this card, None where its PIN can be asked for.

    ``has_photo``: None where nobody knows.  A card whose PIN answers as blocked and which has no
    signature certificate may also be one that never had a PIN (顔認証マイナンバーカード): the two
    are not told apart.
    """
    if pin_can_be_asked(card):
        return None
    if card.token in PHONES or has_photo is False:
        return StaffNeed.NO_PIN_NO_PHOTO
    if not card.has_pin:
        return StaffNeed.NO_PIN
    return StaffNeed.PIN_BLOCKED if card.has_signature_certificate else StaffNeed.PIN_UNUSABLE
