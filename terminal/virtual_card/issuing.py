"""The municipality's window: issue a card to each person with a persona, load cards again.

A card folder holds ``ca.pem`` (the CA of the authentication certificates: the desk's anchor),
``sign-ca.pem``, ``record-ca.pem`` (public key above the 券面 signatures), ``terminal-ca.pem``
(public key above the test terminal's certificate, ``terminal.cv``), their keys,
``cards/<persona>.json``, ``issued.json``, the list for the payer, and ``crl.pem``, the CRL of the
authentication CA, made anew at each issuing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from eligibility.calendar import JAPAN
from terminal.errors import ConfigError
from terminal.virtual_card import certificates, pictures, records
from terminal.virtual_card.applets import PIN_TRIES, Contents, my_number_card
from terminal.virtual_card.card_os import CardOs
from terminal.virtual_card.certificates import Authority, Validity
from terminal.virtual_card.personas import (
    DEMO_PASSWORD,
    DEMO_PIN,
    CardCondition,
    IssuedCard,
    Person,
    StoredCard,
    read_card,
    read_file,
    write_card,
    write_file,
    write_issued,
)

_MUNICIPALITY = "13101"
_ADULT_AGE = 18
# From today to the certificate's last day.
_ENDS = {
    CardCondition.EXPIRED: timedelta(days=-200),
    CardCondition.CARD_EXPIRED: timedelta(days=-200),
    CardCondition.IN_GRACE: timedelta(days=-40),
    CardCondition.EXPIRES_SOON: timedelta(days=45),
}
_TRIES = {CardCondition.LAST_TRY: 1, CardCondition.PIN_BLOCKED: 0}


@dataclass(frozen=True, slots=True)
class IssuedPersona:
    """A person and the card that was issued to them; ``not_after`` of its certificate, if any.

    ``face``: what is printed on it; None for a phone.
    """

    person: Person
    card: CardOs = field(repr=False)
    not_after: datetime | None
    face: records.Face | None


def issue(
    people: Sequence[Person],
    folder: Path,
    now: datetime,
    progress: Callable[[str], None] = lambda words: None,
) -> list[IssuedCard]:
    """Issue what is missing and return all issued cards in the order of the people.

    Cards that are there stay as they are.  Raises ConfigError where the folder cannot be written
    or holds a card of the same persona for somebody else.
    """
    try:
        (folder / "cards").mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(str(folder), None, f"cannot be made: {error.strerror}") from None
    authentication = _authority(folder, "ca", certificates.AUTHENTICATION, now)
    signature = _authority(folder, "sign-ca", certificates.SIGNATURE, now)
    _record_key(folder)
    _terminal_key(folder)
    issued: list[IssuedCard] = []
    revoked: list[int] = []
    for person in _card_holders(people):
        stored = _stored_card(person, folder, progress, authentication, signature, now)
        if person.card_condition is CardCondition.NOT_LOADED:
            continue  # no certificate of theirs is anywhere
        certificate = x509.load_pem_x509_certificate(stored.auth_certificate.encode())
        gone = person.card_condition is CardCondition.REVOKED
        if gone:
            revoked.append(certificate.serial_number)
        issued.append(
            IssuedCard(
                person_id=person.id,
                persona=person.persona or "",
                issuer=certificate.issuer.rfc4514_string(),
                serial=format(certificate.serial_number, "x"),
                not_after=certificate.not_valid_after_utc.isoformat(),
                status="revoked" if gone else "issued",
            )
        )
    crl = certificates.revocation_list(authentication, revoked, now)
    write_file(folder / "crl.pem", crl, mode=0o644)
    write_issued(folder / "issued.json", issued)
    return issued


def _card_holders(people: Sequence[Person]) -> Iterator[Person]:
    """Yield each person with a persona, and once more for a reissued card.

    The first card of such a person goes on holding, so that both can be shown in any order; in
    truth its certificate is revoked when the second is made.
    """
    for person in people:
        if person.persona is None:
            continue
        yield person
        if person.reissued is not None:
            slug = f"{person.persona}-reissued"
            yield person.model_copy(update={"persona": slug, "story": person.reissued})


def _stored_card(
    person: Person,
    folder: Path,
    progress: Callable[[str], None],
    authentication: Authority,
    signature: Authority,
    now: datetime,
) -> StoredCard:
    """Return the card of a persona, made now where there is none."""
    path = folder / "cards" / f"{person.persona}.json"
    if path.exists():
        stored = read_card(path)
        if stored.person != person:
            raise ConfigError(
                str(path), "person", "was issued for other data: remove the folder, issue anew"
            )
        return stored
    progress(f"{person.persona}: keys and certificates")
    stored = _new_card(person, authentication, signature, now)
    write_card(path, stored)
    return stored


def load(folder: Path) -> list[IssuedPersona]:
    """Return all issued cards of a folder, ready for a reader, in the order of the people.

    Raises ConfigError where the folder is not one of :func:`issue`.
    """
    paths = sorted((folder / "cards").glob("*.json"))
    if not paths:
        raise ConfigError(str(folder), None, "holds no cards: run `virtual-card issue` first")
    personas = [load_card(folder, path.stem) for path in paths]
    return sorted(personas, key=lambda item: (item.person.id, item.person.persona))


def load_card(folder: Path, persona: str, *, first_command_fails: bool = False) -> IssuedPersona:
    """Return one issued card, ready for a reader, with the counters of its issue.

    ``first_command_fails``: see CardOs.  Raises ConfigError.
    """
    stored = read_card(folder / "cards" / f"{persona}.json")
    condition = stored.person.card_condition
    loaded = condition is not CardCondition.NOT_LOADED
    try:
        certificate = _certificate(stored.auth_certificate)
        face = _face(stored)
        contents = Contents(
            face=face,
            pictures=stored.pictures or pictures.draw(face),
            auth_certificate=_der(certificate) if loaded else None,
            auth_ca=_der(_certificate(read_file(folder / "ca.pem").decode())),
            auth_key=_private_key(stored.auth_key),
            sign_certificate=(
                None
                if stored.sign_certificate is None
                else _der(_certificate(stored.sign_certificate))
            ),
            sign_ca=_der(_certificate(read_file(folder / "sign-ca.pem").decode())),
            sign_key=None if stored.sign_key is None else _private_key(stored.sign_key),
            own_key=_private_key(stored.own_key),
            record_key=_private_key(read_file(folder / "record.key").decode()),
            cv_certificate=read_file(folder / "record.cv"),
            terminal_ca=_terminal_ca(folder),
            pin=_usable(stored, DEMO_PIN),
            password=_usable(stored, DEMO_PASSWORD),
            pin_tries_left=_TRIES.get(condition, PIN_TRIES),
            phone=condition is CardCondition.PHONE,
        )
    except (ValueError, TypeError) as error:
        raise ConfigError(str(folder), persona, f"is damaged: {type(error).__name__}") from None
    card = my_number_card(contents, first_command_fails=first_command_fails)
    ends = certificate.not_valid_after_utc if loaded else None
    return IssuedPersona(stored.person, card, ends, None if contents.phone else face)


def validity_of(person: Person, now: datetime) -> Validity:
    """Return the validity of a certificate whose card is in the person's condition."""
    today = now.astimezone(JAPAN).date()
    if person.card_condition in _ENDS:
        end = certificates.end_of_day(today + _ENDS[person.card_condition])
        return Validity(end - timedelta(days=1800), end)
    # nobody has a card before they are registered as born
    registered = certificates.end_of_day(person.birthdate + timedelta(weeks=2))
    begin = max(now - timedelta(days=400), min(now, registered))
    last = certificates.nth_birthday_after(person.birthdate, begin.date(), 5)
    return Validity(begin, certificates.end_of_day(last))


def _new_card(
    person: Person, authentication: Authority, signature: Authority, now: datetime
) -> StoredCard:
    validity = validity_of(person, now)
    begin = validity.begin.astimezone(JAPAN).date()
    adult = certificates.birthday(person.birthdate, person.birthdate.year + _ADULT_AGE) <= begin
    auth_key, own_key = certificates.new_key(), certificates.new_key()
    certificate = certificates.authentication_certificate(
        authentication, auth_key.public_key(), _MUNICIPALITY, validity
    )
    card = StoredCard(
        person=person,
        serial="".join(str(secrets.randbelow(10)) for _ in range(15)),
        municipality=_MUNICIPALITY,
        expires_on=(
            validity.end.astimezone(JAPAN).date()
            if person.card_condition is CardCondition.CARD_EXPIRED
            else certificates.nth_birthday_after(person.birthdate, begin, 10 if adult else 5)
        ),
        security_code=f"{secrets.randbelow(10000):04d}",
        auth_certificate=_pem(certificate),
        auth_key=_key_pem(auth_key),
        own_key=_key_pem(own_key),
    )
    card = card.model_copy(update={"pictures": pictures.draw(_face(card))})
    if person.card_condition in (CardCondition.FACE_ONLY, CardCondition.NOT_LOADED):
        return card
    sign_key = certificates.new_key()
    sign_certificate = certificates.signature_certificate(
        signature, sign_key.public_key(), _face(card), validity
    )
    return card.model_copy(
        update={"sign_certificate": _pem(sign_certificate), "sign_key": _key_pem(sign_key)}
    )


def _face(stored: StoredCard) -> records.Face:
    person = stored.person
    return records.Face(
        name=person.name,
        address=person.address,
        birthdate=person.birthdate,
        sex=records.sex_on_card(person.sex),
        expires_on=stored.expires_on,
        security_code=stored.security_code,
        serial=stored.serial,
        municipality=stored.municipality,
    )


def _usable(stored: StoredCard, secret: bytes) -> bytes | None:
    return None if stored.person.card_condition is CardCondition.FACE_ONLY else secret


def _authority(folder: Path, name: str, unit: str, now: datetime) -> Authority:
    certificate_path, key_path = folder / f"{name}.pem", folder / f"{name}.key"
    if certificate_path.exists():
        try:
            return Authority(
                _certificate(read_file(certificate_path).decode()),
                _private_key(read_file(key_path).decode()),
            )
        except (ValueError, TypeError):
            raise ConfigError(str(certificate_path), None, "or its key is damaged") from None
    authority = certificates.new_authority(unit, now)
    write_file(key_path, _key_pem(authority.key).encode())
    write_file(certificate_path, _pem(authority.certificate).encode(), mode=0o644)
    return authority


def _record_key(folder: Path) -> None:
    """Make the key that signs 券面 records, and its CV certificate under a test issuer."""
    if (folder / "record-ca.pem").exists():
        return
    issuer, key = certificates.new_key(), certificates.new_key()
    issuer_id, subject_id = (b"6" + secrets.token_hex(7).encode() + b"T" for _ in range(2))
    certificate = records.cv_certificate(issuer_id, subject_id, key.public_key(), issuer)
    public = issuer.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_file(folder / "record.key", _key_pem(key).encode())
    write_file(folder / "record.cv", certificate, mode=0o644)
    write_file(folder / "record-ca.pem", public, mode=0o644)


def _terminal_key(folder: Path) -> None:
    """Make the test terminal CA and one terminal's key and certificate under it.

    Nothing of it is the real protocol's: it only lets a test reader be shown.
    """
    if (folder / "terminal-ca.pem").exists():
        return
    issuer, key = certificates.new_key(), certificates.new_key()
    certificate = records.cv_certificate(
        b"TEST-TERMINAL-CA", b"TEST-TERMINAL-01", key.public_key(), issuer
    )
    public = issuer.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_file(folder / "terminal.key", _key_pem(key).encode())
    write_file(folder / "terminal.cv", certificate, mode=0o644)
    write_file(folder / "terminal-ca.pem", public, mode=0o644)


def _terminal_ca(folder: Path) -> rsa.RSAPublicKey | None:
    """Return the test terminal CA's key; None in a folder that was issued before there was one."""
    if not (folder / "terminal-ca.pem").exists():
        return None
    key = serialization.load_pem_public_key(read_file(folder / "terminal-ca.pem"))
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("not an RSA key")
    return key


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def _key_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _private_key(pem: str) -> rsa.RSAPrivateKey:
    # Our own files; the check of a key's primes would cost a start of 16 cards some seconds.
    key = serialization.load_pem_private_key(
        pem.encode(), None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key
