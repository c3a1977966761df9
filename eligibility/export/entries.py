"""The entries of a bundle: each resource once, under an address that others refer to."""

from __future__ import annotations

import uuid
from collections import Counter

from eligibility.export.elements import Json, without_nothing
from eligibility.fhir.vocabulary import ID_INSTITUTION
from eligibility.history import Institution

_CODE_LENGTH = 10


class Entries:
    """Collects resources; the same file id and resources always give the same addresses."""

    def __init__(self, file_id: str) -> None:
        """``file_id``: 32 hex digits."""
        self._namespace = uuid.UUID(file_id)
        self._counts: Counter[str] = Counter()
        self._places: dict[Institution, str] = {}
        self.all: list[Json] = []

    def add(self, resource: Json) -> str:
        """Add a resource; return its address."""
        kind = resource["resourceType"]
        self._counts[kind] += 1
        address = f"urn:uuid:{uuid.uuid5(self._namespace, f'{kind}/{self._counts[kind]}')}"
        self.all.append({"fullUrl": address, "resource": without_nothing(resource)})
        return address

    def place(self, institution: Institution | None) -> Json | None:
        """Return the reference to a place, one Organization however often it comes."""
        if institution is None:
            return None
        address = self._places.get(institution)
        if address is None:
            address = self.add(
                {
                    "resourceType": "Organization",
                    "identifier": _institution_code(institution.code),
                    "name": institution.name,
                }
            )
            self._places[institution] = address
        return {"reference": address, "display": institution.name}


def _institution_code(code: str | None) -> list[Json]:
    """Return 医療機関コード; what has not ten digits is kept without saying whose number it is."""
    if code is None:
        return []
    if len(code) == _CODE_LENGTH and code.isascii() and code.isdigit():
        return [{"system": ID_INSTITUTION, "value": code}]
    return [{"value": code}]
