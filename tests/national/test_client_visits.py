"""Card visits at the national reader, as they are pushed to the desk."""

import time
from datetime import timedelta

from eligibility.codes import ConsentCategory, InformationConsent
from eligibility.simulator.pki import DEFAULT_INSTITUTION
from tests.clinic import wait_for
from tests.national.desk import LinkedWorld, subject_of
from tests.national.exchange import Book


def test_a_pushed_visit_is_told_until_it_is_settled(linked: LinkedWorld) -> None:
    """It comes with what the payer holds and the consents given there."""
    payer = linked.payer()
    person, coverage = linked.somebody()
    name = linked.link.push_visit(DEFAULT_INSTITUTION, person, [ConsentCategory.YZK])
    visit = payer.next_pushed_visit(5)
    assert visit is not None
    assert visit.told_as == name
    assert visit.answer is not None
    assert visit.answer.subject == subject_of(coverage)
    (told,) = visit.answer.results
    assert told.pharmacists_info is not None
    assert told.pharmacists_info.flag is InformationConsent.GIVEN
    assert told.diagnosis_info is not None
    assert told.diagnosis_info.flag is InformationConsent.NOT_GIVEN
    again = payer.next_pushed_visit(1)
    assert again is not None
    assert again.id == visit.id
    payer.settle_pushed_visit(visit)
    assert payer.next_pushed_visit(0.3) is None
    # other programs have not seen it yet
    assert (linked.folders.face / name).exists()


def test_in_a_folder_of_ones_own_a_settled_visit_is_removed(linked: LinkedWorld) -> None:
    """Once it is stored, nothing of it stays in plain files, under no name."""
    payer = linked.payer(shared=False)
    person, _coverage = linked.somebody()
    name = linked.link.push_visit(DEFAULT_INSTITUTION, person, [])
    copy = linked.folders.face / name.replace("face_", "face_copy")
    copy.write_bytes((linked.folders.face / name).read_bytes())
    visit = payer.next_pushed_visit(5)
    assert visit is not None
    payer.settle_pushed_visit(visit)
    assert payer.next_pushed_visit(0.3) is None
    assert list(linked.folders.face.iterdir()) == []


def test_visits_come_in_their_order_and_another_institutions_not_at_all(
    linked: LinkedWorld,
) -> None:
    """The folder may be shared by institutions; only ours are told, the oldest first."""
    payer = linked.payer()
    people = [person for person, _ in list(linked.people())[:3]]
    linked.link.push_visit("9999999999", people[0], [])
    told = []
    for person in people:
        linked.world.clock.moment += timedelta(seconds=1)
        told.append(linked.link.push_visit(DEFAULT_INSTITUTION, person, []))
    seen = []
    for _ in people:
        visit = payer.next_pushed_visit(5)
        assert visit is not None
        seen.append(visit.told_as)
        payer.settle_pushed_visit(visit)
    assert seen == told
    assert payer.next_pushed_visit(0.3) is None


def test_old_visits_are_not_opened_again(linked: LinkedWorld) -> None:
    """A desk that begins to look does not open the visits of all former days."""
    payer = linked.payer()
    person, _coverage = linked.somebody()
    name = linked.link.push_visit(DEFAULT_INSTITUTION, person, [])
    content = (linked.folders.face / name).read_bytes()
    (linked.folders.face / name).unlink()
    for number in range(10_000):
        old = f"OQSsiquc01res_face_{number}_20200101{number % 86400:06d}.xml"
        (linked.folders.face / old).write_bytes(content)
    started = time.monotonic()
    assert payer.next_pushed_visit(0) is None
    assert time.monotonic() - started < 30
    assert len(list(linked.folders.face.iterdir())) == 10_000


def test_half_a_visit_is_waited_for_and_what_stays_half_is_set_aside(linked: LinkedWorld) -> None:
    """A file that another program still writes is no error; one that stays half is kept."""
    book = Book()
    payer = linked.payer(book, shared=False)
    person, _coverage = linked.somebody()
    name = linked.link.push_visit(DEFAULT_INSTITUTION, person, [])
    file = linked.folders.face / name
    content = file.read_bytes()
    file.write_bytes(content[:200])
    assert payer.next_pushed_visit(0.5) is None
    file.write_bytes(content)
    assert payer.next_pushed_visit(5) is not None
    file.write_bytes(content[:200])
    wait_for(lambda: payer.next_pushed_visit(0.2) is None and book.aside, "the half one", 10)
    assert book.told == [(name, "unreadable")]
    assert list(linked.folders.face.iterdir()) == []
