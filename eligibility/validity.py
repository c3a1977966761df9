"""Pure rules: does a coverage stand on a day, and what share does the patient pay.

The payer's own word (資格有効性) outranks the dates; the dates can only make it doubtful.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from eligibility.codes import InsuredCardClassification, QualificationValidity, UnknownCode
from eligibility.model import CopayRatio, Coverage, ElderlyRecipientCertificate

CONFIRMED = frozenset({QualificationValidity.VALID, QualificationValidity.VALID_UNREGISTERED})
"""The only two validity codes that confirm a qualification."""


class DateVerdict(StrEnum):
    """What a coverage's dates say of one day."""

    IN_FORCE = "in-force"
    NOT_YET = "not-yet"
    LOST = "lost"
    CARD_NOT_YET_VALID = "card-not-yet-valid"
    CARD_EXPIRED = "card-expired"
    NO_DATES = "no-dates"


def dates_on(coverage: Coverage, day: date) -> DateVerdict:
    """Return what the dates of ``coverage`` say of ``day``.

    資格喪失年月日 is the first day without the qualification, 有効終了年月日 the last day with it.
    """
    dates = (
        coverage.qualification_date,
        coverage.disqualification_date,
        coverage.insured_card_valid_date,
        coverage.insured_card_expiration_date,
    )
    qualified, lost, card_from, card_until = dates
    if lost is not None and day >= lost:
        return DateVerdict.LOST
    if qualified is not None and day < qualified:
        return DateVerdict.NOT_YET
    if card_until is not None and day > card_until:
        return DateVerdict.CARD_EXPIRED
    if card_from is not None and day < card_from:
        return DateVerdict.CARD_NOT_YET_VALID
    if dates == (None, None, None, None):
        return DateVerdict.NO_DATES
    return DateVerdict.IN_FORCE


def pays_in_full(coverage: Coverage) -> bool:
    """Whether the patient pays the whole bill first (特別療養費支給対象者)."""
    return coverage.insured_card_classification is InsuredCardClassification.SPECIAL_EXPENSES


def elderly_certificate_on(coverage: Coverage, day: date) -> ElderlyRecipientCertificate | None:
    """Return the elderly recipient certificate (高齢受給者証) if it stands on ``day``."""
    certificate = coverage.elderly_recipient_certificate
    if certificate is None:
        return None
    begins, ends = certificate.valid_start_date, certificate.valid_end_date
    if (begins is not None and day < begins) or (ends is not None and day > ends):
        return None
    return certificate


def ratios_disagree_on(coverage: Coverage, day: date) -> bool:
    """Whether the certificate of the elderly and the coverage name two different ratios."""
    certificate = elderly_certificate_on(coverage, day)
    if certificate is None:
        return False
    ours, theirs = coverage.insured_partial_contribution_ratio, certificate.contribution_ratio
    return isinstance(ours, CopayRatio) and isinstance(theirs, CopayRatio) and ours != theirs


def copay_ratio_on(coverage: Coverage, day: date) -> CopayRatio | None:
    """Return the ratio (一部負担金割合) that applies on ``day``, or None where it is not certain.

    Not certain: none is named, a code nobody knows, two that disagree, a certificate of the elderly
    that stands but names none, or a patient who pays in full.
    """
    general = coverage.insured_partial_contribution_ratio
    if (
        pays_in_full(coverage)
        or isinstance(general, UnknownCode)
        or ratios_disagree_on(coverage, day)
    ):
        return None
    certificate = elderly_certificate_on(coverage, day)
    if certificate is None:
        return general
    own = certificate.contribution_ratio
    return own if isinstance(own, CopayRatio) else None


_PRESCHOOL, _GENERAL, _ELDERLY = {20}, {30}, {10, 20, 30}
"""一部負担金割合 by age, in percent: 未就学 2割, 3割, 70歳以上 1-3割."""


def fits_age_on(coverage: Coverage, day: date) -> bool:
    """Whether the ratio of an insurance is one that its age can have on ``day``.

    義務教育就学前 lasts until 31 March after the sixth birthday, that of 1 April included.  From
    the 70th birthday on both ratios are taken, since the change falls into the next month.
    Medical assistance, who pays in full, and a ratio that nobody named are not judged.
    """
    ratio = coverage.insured_partial_contribution_ratio
    if not isinstance(ratio, CopayRatio):
        return True
    if coverage.is_medical_assistance or pays_in_full(coverage):
        return True
    born = coverage.person.birthdate
    if day < date(born.year + 6 + ((born.month, born.day) > (4, 1)), 4, 1):
        return ratio.percent in _PRESCHOOL
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    if age >= 70:
        return ratio.percent in _ELDERLY
    return ratio.percent in _GENERAL
