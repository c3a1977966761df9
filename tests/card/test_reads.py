"""What a whole visit reads of the card, and what of it twice."""

from __future__ import annotations

import pytest

from terminal.card.jpki import AUTHENTICATION_CERTIFICATE, JpkiSession
from tests.benchmarks.link import reads_of
from tests.benchmarks.reads import IDENTITY, CountedReads, Reads
from tests.benchmarks.steps import NUMBER_B_VISIT, PIN_VISIT
from tests.card.cards import DirectConnection
from tests.card.wallet import Wallet

HEAD = 256


@pytest.mark.parametrize(("visit", "holds"), [(PIN_VISIT, 1), (NUMBER_B_VISIT, 2)])
def test_a_visit_reads_no_byte_twice_but_what_tells_the_card_again(
    wallet: Wallet, visit: tuple[str, ...], holds: int
) -> None:
    """Only the certificate's head, before each PIN: else another card could be shown it."""
    reads = reads_of(wallet, visit)
    assert reads.read_again() == {IDENTITY: holds * HEAD}
    assert reads.total > 1000


def test_what_is_read_twice_is_counted(wallet: Wallet) -> None:
    """A certificate that is read whole a second time is told with all its bytes."""
    reads = Reads()
    with CountedReads(DirectConnection(wallet.card()), reads) as connection:
        session = JpkiSession(connection)
        certificate = session.authentication_certificate()
        assert reads.read_again() == {}
        session.authentication_certificate()
    assert (AUTHENTICATION_CERTIFICATE.aid.hex().upper(), 0x000A) == IDENTITY
    assert reads.read_again() == {IDENTITY: len(certificate)}
