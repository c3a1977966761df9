"""The 12-digit Individual Number is taken by no form, and the answer says why."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from terminal.access.accounts import Role
from tests.web.visitors import Site

NUMBER = "123456789018"


@pytest.mark.parametrize(
    ("role", "path", "field"),
    [
        (Role.RECEPTION, "/staff/register", "text"),
        (Role.RECEPTION, "/staff/visits/v/record", "patient_number"),
        (Role.RECEPTION, "/staff/visits/v/name", "right_name"),
        (Role.ADMINISTRATOR, "/staff/accounts", "name"),
        (Role.ADMINISTRATOR, "/staff/accounts", "login"),
        (Role.RECEPTION, "/staff/appointments", "no_such_field"),
    ],
)
@pytest.mark.parametrize("written", [NUMBER, "氏名 1234-5678-9018", "１２３４　５６７８　９０１８"])
def test_no_form_takes_it(site: Site, role: Role, path: str, field: str, written: str) -> None:
    """Whatever the form and however it is written, it is refused with why, and never repeated."""
    visitor = site.visitor().logs_in(role)
    refused = visitor.sends(path, {field: written})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "個人番号は資格確認に使わず" in refused.text
    assert written not in refused.text


def test_the_log_in_is_a_form_too(site: Site) -> None:
    """It is not taken for a name at the log-in, where nobody is known yet."""
    visitor = site.visitor()
    visitor.opens("/staff/login")
    refused = visitor.sends("/staff/login", {"name": NUMBER, "password": "x"})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize("text", ["123456789012", "1234567890180", "06123456", "0" * 32])
def test_other_digits_pass(site: Site, text: str) -> None:
    """Twelve digits with another check digit, and longer and shorter numbers, are no reason."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    assert visitor.sends("/staff/register", {"text": text}).status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    "address",
    [
        f"/staff/visits/aaaa{NUMBER}{'b' * 16}",
        f"/staff/visits/{'c' * 20}{NUMBER}/history?consent={'a' * 20}{NUMBER}",
        f"/staff/visits/aaaaaaaa-bbbb-4ccc-8ddd-{NUMBER}#on-card",
    ],
)
def test_an_id_of_ours_is_no_number(site: Site, address: str) -> None:
    """An id in which twelve digits fit by chance bars nobody from the other language."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    answer = visitor.sends("/staff/language", {"language": "en", "next": address})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["Location"].endswith(address)


@pytest.mark.parametrize(
    "around", ["/staff/visits/{}", "/staff/visits/" + "a" * 19 + "{}", "{}-ab"]
)
def test_it_does_not_hide_in_an_address(site: Site, around: str) -> None:
    """What has not the form of an id is looked at as any other text."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    form = {"language": "en", "next": around.format(NUMBER)}
    refused = visitor.sends("/staff/language", form)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
