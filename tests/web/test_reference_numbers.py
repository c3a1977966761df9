"""The page of reference numbers: one patient, all at once, and what the payer refused."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from terminal.access.accounts import Role
from terminal.register.file import write_register_file
from tests.clinic import wait_for
from tests.desk_bulk import record_of
from tests.web.visitors import Site

PATH = "/staff/register/reference-numbers"


def test_patients_are_registered_singly_and_all_at_once(site: Site) -> None:
    """Each step is told, a number of nobody on the form, a refusal in the payer's words."""
    people = [one for one in site.clinic.payer.payer.population.people if one.persona is None]
    records = [record_of(one, f"{n:04}") for n, one in enumerate(people[:3], 1)]
    records[2] = replace(records[2], insured_identification_number="99999999")
    register, actor = site.clinic.terminal.register, site.clinic.reception.actor
    data = write_register_file(records).encode()
    register.take(actor, register.look_at(actor, data).id)
    visitor = site.visitor().logs_in(Role.RECEPTION)
    assert "3人を登録する" in visitor.opens(PATH).text
    unknown = visitor.sends(PATH, {"patient_number": "9999"})
    assert unknown.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "この患者番号の患者がいないか" in unknown.text
    one = visitor.sends(PATH, {"patient_number": "0001"})
    assert one.headers["Location"] == f"{PATH}?done=one"
    all_of_them = visitor.sends(f"{PATH}/all")
    assert all_of_them.headers["Location"] == f"{PATH}?done=all"
    wait_for(lambda: "登録できなかった患者" in visitor.opens(PATH).text, "the refusal")
    assert "該当する資格がありません" in visitor.opens(PATH).text
    wait_for(lambda: "1人を登録する" in visitor.opens(PATH).text, "the others")


def test_an_administrator_sees_none_of_it(site: Site) -> None:
    """Who may not see the register may not register from it."""
    visitor = site.visitor().logs_in(Role.ADMINISTRATOR)
    assert visitor.opens(PATH).status_code == HTTPStatus.FORBIDDEN
    assert visitor.sends(f"{PATH}/all").status_code == HTTPStatus.FORBIDDEN
