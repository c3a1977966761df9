"""Request bodies of our FHIR profile, read strictly: every fault is ``request-invalid``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from eligibility.codes import ConsentCategory
from eligibility.model import CardSubject, ConsentDecision
from eligibility.payer import (
    ChallengeIssuer,
    IdentificationMethod,
    OwnKeyEvidence,
    ProofKind,
    unproved,
)
from eligibility.simulator import names
from eligibility.simulator.names import RefusalCode, ext
from eligibility.simulator.refusals import RefusalError

QUESTION_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")

Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


def _instant_text(value: object) -> object:
    """Let only text through: pydantic would take a number as seconds since 1970."""
    if not isinstance(value, str):
        msg = "a moment is text"
        raise ValueError(msg)  # noqa: TRY004  # pydantic turns ValueError into its own
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_instant_text)]
Day = Annotated[date, BeforeValidator(_instant_text)]


class _Element(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class _Assigner(_Element):
    display: Text


class _Identifier(_Element):
    system: str | None = None
    value: Text
    assigner: _Assigner | None = None


class _Reference(_Element):
    reference: Text


class _Extension(_Element):
    url: Text
    code: Text | None = Field(default=None, alias="valueCode")
    text: Text | None = Field(default=None, alias="valueString")
    moment: Instant | None = Field(default=None, alias="valueInstant")
    octets: Base64Bytes | None = Field(default=None, alias="valueBase64Binary")
    extension: list[_Extension] = Field(default_factory=list, max_length=50)


class _Contained(_Element):
    resource_type: Text = Field(alias="resourceType")
    id: Text
    identifier: list[_Identifier] = Field(default_factory=list, max_length=20)


class _QuestionBody(_Element):
    resource_type: Literal["CoverageEligibilityRequest"] = Field(alias="resourceType")
    contained: list[_Contained] = Field(max_length=10)
    extension: list[_Extension] = Field(max_length=50)
    identifier: list[_Identifier] = Field(min_length=1, max_length=10)
    status: Literal["active"]
    purpose: list[Literal["auth-requirements", "benefits", "discovery", "validation"]]
    patient: _Reference
    provider: _Reference | None = None
    serviced_date: Day = Field(alias="servicedDate")
    created: Instant


class _Coding(_Element):
    system: Text
    code: Text


class _Concept(_Element):
    coding: list[_Coding] = Field(min_length=1, max_length=10)


class _CategoryProvision(_Element):
    type: Literal["permit", "deny"]
    code: list[_Concept] = Field(min_length=1, max_length=1)


class _Provision(_Element):
    type: Literal["deny"]
    provision: list[_CategoryProvision] = Field(default_factory=list, max_length=20)


class _ConsentBody(_Element):
    resource_type: Literal["Consent"] = Field(alias="resourceType")
    identifier: list[_Identifier] = Field(min_length=1, max_length=10)
    status: Literal["active"]
    patient: _Reference
    date_time: Instant = Field(alias="dateTime")
    provision: _Provision


@dataclass(frozen=True, slots=True)
class SignedChallenge:
    """The challenge as the question carries it, with the card's signature over ``value``."""

    issuer: ChallengeIssuer
    reference: str
    value: bytes
    issued_at: datetime
    desk_id: str | None
    nonce: bytes | None
    signature: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """A question as received."""

    id: str
    subject: CardSubject
    certificate: bytes
    institution: str | None
    method: IdentificationMethod
    proof: ProofKind
    challenge: SignedChallenge | None
    own_key: OwnKeyEvidence | None
    serviced_date: date


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """A consent as received; ``body`` is what it was read from."""

    id: str
    patient_id: str
    given_at: datetime
    decisions: dict[ConsentCategory, ConsentDecision]
    body: dict[str, Any]


def invalid(detail: str) -> RefusalError:
    """Return the refusal of a request that is not formed as the profile says."""
    return RefusalError(RefusalCode.REQUEST_INVALID, detail)


def _no_constant(name: str) -> object:
    raise invalid(f"{name} is no JSON")


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise invalid("a name is given twice")
    return found


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the JSON object in ``body``; raise RefusalError.

    Refuses what could not be sent back as it came: doubled names, numbers beyond all bounds,
    halves of surrogate pairs.
    """
    try:
        parsed = json.loads(
            body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_name_twice
        )
        canonical(parsed)
    except (ValueError, RecursionError) as error:
        raise invalid("no JSON") from error
    if not isinstance(parsed, dict):
        raise invalid("not a JSON object")
    return parsed


def canonical(parsed: object) -> bytes:
    """Return the same bytes for the same content; raise ValueError for what is no JSON."""
    return json.dumps(
        parsed, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    ).encode()


Body = TypeVar("Body", bound=_Element)


def _read(model: type[Body], parsed: dict[str, Any]) -> Body:
    try:
        return model.model_validate(parsed)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise invalid(f"{place}: {first['type']}") from error


Item = TypeVar("Item")


def _only(items: Iterable[Item], fits: Callable[[Item], bool], what: str) -> Item:
    """Return the one item that fits: two are as wrong as none."""
    found = [item for item in items if fits(item)]
    if len(found) != 1:
        raise invalid(f"{what}: {len(found)} given")
    return found[0]


def _identifier(identifiers: Sequence[_Identifier], system: str) -> _Identifier:
    return _only(identifiers, lambda item: item.system == system, system)


_NOT_PROVED = "not-proved"


class _Evidence:
    """The parts of the holder evidence by name, each at most once but for ``not-proved``."""

    def __init__(self, parts: Sequence[_Extension]) -> None:
        self.not_proved = [part.code for part in parts if part.url == _NOT_PROVED]
        self._parts = {part.url: part for part in parts if part.url != _NOT_PROVED}
        if len(self._parts) + len(self.not_proved) != len(parts):
            raise invalid("holder-evidence: a part is given twice")

    def has(self, name: str) -> bool:
        return name in self._parts

    def _part(self, name: str) -> _Extension:
        try:
            return self._parts[name]
        except KeyError:
            raise invalid(f"holder-evidence: no {name}") from None

    def code(self, name: str) -> str:
        return self._given(name, self._part(name).code)

    def text(self, name: str) -> str:
        return self._given(name, self._part(name).text)

    def octets(self, name: str) -> bytes:
        return self._given(name, self._part(name).octets)

    def moment(self, name: str) -> datetime:
        return self._given(name, self._part(name).moment)

    @staticmethod
    def _given(name: str, value: Item | None) -> Item:
        if value is None:
            raise invalid(f"holder-evidence: {name} has no value of its kind")
        return value


_CHALLENGE_PARTS = ("challenge-issuer", "challenge-reference", "challenge-value", "signature")
_SIGNED_PROOFS = (ProofKind.AUTH_KEY, ProofKind.OWN_KEY)


def _signed_challenge(evidence: _Evidence) -> SignedChallenge:
    try:
        issuer = ChallengeIssuer(evidence.code("challenge-issuer"))
    except ValueError as error:
        raise invalid("holder-evidence: challenge-issuer") from error
    by_desk = issuer is ChallengeIssuer.DESK
    return SignedChallenge(
        issuer=issuer,
        reference=evidence.text("challenge-reference"),
        value=evidence.octets("challenge-value"),
        issued_at=evidence.moment("challenge-issued-at"),
        desk_id=evidence.text("desk-id") if by_desk else None,
        nonce=evidence.octets("nonce") if by_desk else None,
        signature=evidence.octets("signature"),
    )


def _own_key(
    evidence: _Evidence, method: IdentificationMethod, proof: ProofKind
) -> OwnKeyEvidence | None:
    """Return the parts of the proof own-key, which come with that proof and no other."""
    if proof is not ProofKind.OWN_KEY:
        if evidence.not_proved or evidence.has("cv-certificate"):
            raise invalid("holder-evidence: a record without the proof own-key")
        return None
    if sorted(map(str, evidence.not_proved)) != sorted(unproved(method, proof)):
        raise invalid("holder-evidence: not-proved")
    return OwnKeyEvidence(
        cv_certificate=evidence.octets("cv-certificate"),
        key_group=evidence.octets("record-key-group"),
        pictures_digest=evidence.octets("record-pictures-digest"),
        photo_digest=evidence.octets("record-photo-digest"),
        record_signature=evidence.octets("record-signature"),
    )


def read_question(parsed: dict[str, Any], key: str) -> Question:
    """Read a CoverageEligibilityRequest; ``key``: the Idempotency-Key header.

    Raises RefusalError (request-invalid).
    """
    body = _read(_QuestionBody, parsed)
    question_id = _identifier(body.identifier, names.ID_QUESTION).value
    if question_id != key:
        raise invalid("Idempotency-Key is not the question's id")
    if body.patient.reference != "#holder":
        raise invalid("patient.reference")
    holder = _only(body.contained, lambda item: item.id == "holder", "contained holder")
    certificate_id = _identifier(holder.identifier, names.ID_CERTIFICATE)
    if certificate_id.assigner is None:
        raise invalid("certificate identifier: no assigner")
    institution = None
    if body.provider is not None:
        if body.provider.reference != "#institution":
            raise invalid("provider.reference")
        provider = _only(
            body.contained, lambda item: item.id == "institution", "contained institution"
        )
        institution = _identifier(provider.identifier, names.ID_INSTITUTION).value
    certificate = _only(
        body.extension,
        lambda item: item.url == ext("authentication-certificate"),
        "authentication-certificate",
    ).octets
    if certificate is None:
        raise invalid("authentication-certificate: no valueBase64Binary")
    evidence = _Evidence(
        _only(
            body.extension, lambda item: item.url == ext("holder-evidence"), "holder-evidence"
        ).extension
    )
    try:
        method = IdentificationMethod(evidence.code("method"))
        proof = ProofKind(evidence.code("proof"))
    except ValueError as error:
        raise invalid("holder-evidence: method or proof") from error
    evidence.moment("identified-at")
    challenge = None
    if proof in _SIGNED_PROOFS:
        challenge = _signed_challenge(evidence)
    elif any(evidence.has(part) for part in _CHALLENGE_PARTS):
        raise invalid("holder-evidence: a signature without a proof by it")
    return Question(
        id=question_id,
        subject=CardSubject(certificate_id.assigner.display, certificate_id.value),
        certificate=certificate,
        institution=institution,
        method=method,
        proof=proof,
        challenge=challenge,
        own_key=_own_key(evidence, method, proof),
        serviced_date=body.serviced_date,
    )


_DECISIONS = {"permit": ConsentDecision.YES, "deny": ConsentDecision.NO}


def patient_id_of(reference: str) -> str:
    """Return the id in ``Patient/<id>``; raise RefusalError."""
    kind, _, patient_id = reference.partition("/")
    if kind != "Patient" or not QUESTION_ID.fullmatch(patient_id):
        raise invalid("patient reference")
    return patient_id


def read_consent(parsed: dict[str, Any]) -> ConsentRequest:
    """Read a Consent; raise RefusalError (request-invalid)."""
    body = _read(_ConsentBody, parsed)
    consent_id = _identifier(body.identifier, names.ID_CONSENT).value
    if not QUESTION_ID.fullmatch(consent_id):
        raise invalid("consent identifier")
    decisions: dict[ConsentCategory, ConsentDecision] = {}
    for provision in body.provision.provision:
        coding = _only(
            provision.code[0].coding,
            lambda item: item.system == names.CS_CONSENT_CATEGORY,
            "consent category",
        )
        try:
            category = ConsentCategory(coding.code)  # type: ignore[call-arg]  # by value
        except ValueError as error:
            raise invalid("consent category unknown") from error
        if category in decisions:
            raise invalid("consent category given twice")
        decisions[category] = _DECISIONS[provision.type]
    return ConsentRequest(
        consent_id, patient_id_of(body.patient.reference), body.date_time, decisions, parsed
    )
