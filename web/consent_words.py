"""What a visit's patient allowed, in words: by the kiosk's items, or by category where they differ.

At the kiosk one answer covers several categories; at another reader each may have its own.
"""

from __future__ import annotations

from datetime import datetime

from eligibility.model import Consent, ConsentDecision
from terminal.views import ConsentItem
from web.i18n import text
from web.wording import label


def open_now(consent: Consent | None, now: datetime) -> list[str]:
    """Return what the patient's consent opens now."""
    if consent is None:
        return []
    found = []
    for item in ConsentItem:
        allowed = [one for one in item.categories if consent.allows(one, now)]
        if len(allowed) == len(item.categories):
            found.append(_item(item))
        else:
            found += [label(category) for category in allowed]
    return found


def decisions(consent: Consent) -> list[tuple[str, ConsentDecision]]:
    """Return what the patient said to each item, or to each category of it."""
    found = []
    for item in ConsentItem:
        given = [
            (category, consent.decisions.get(category, ConsentDecision.NOT_ASKED))
            for category in item.categories
        ]
        if len({decision for _, decision in given}) == 1:
            found.append((_item(item), given[0][1]))
        else:
            found += [(label(category), decision) for category, decision in given]
    return found


def _item(item: ConsentItem) -> str:
    return text(f"consent-item.{item}")
