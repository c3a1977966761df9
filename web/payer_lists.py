"""The payer's lists: 医療扶助 by month, consents at home and for online examinations by days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from eligibility.asking import ListKind
from eligibility.benefits import MedicalTicket
from eligibility.model import Coverage
from terminal.lists.payer_list import PayerList
from terminal.payer.two_steps import BatchState
from web.auth import log_in, terminal
from web.coverage_words import consent_words, yen
from web.i18n import show_date, text
from web.security import Right, requires
from web.wording import label, period

blueprint = Blueprint("payer_lists", __name__)
EXAMINED = "online-examined"
"""The form's fourth choice: online examinations by their own day, not the consent's."""


@dataclass
class ListForm:
    """What was typed; ``errors`` by field."""

    kind: str
    first: str
    last: str
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> ListForm:
        """Return the running month's tickets."""
        today = terminal().expected.today
        return cls(ListKind.ASSISTANCE, today.replace(day=1).isoformat(), today.isoformat())

    def read(self) -> tuple[ListKind, date, date] | None:
        """Return what is asked for, None where a field is in the way."""
        kinds = {**{one.value: one for one in ListKind}, EXAMINED: ListKind.ONLINE}
        kind = kinds.get(self.kind)
        if kind is None:
            self.errors["kind"] = text("lists.error.kind")
        first = self._day("first")
        last = first if kind is ListKind.ASSISTANCE else self._day("last")
        if first is not None and last is not None and last < first:
            self.errors["last"] = text("lists.error.order")
        if self.errors or kind is None or first is None or last is None:
            return None
        return kind, first, last

    def _day(self, name: str) -> date | None:
        try:
            return date.fromisoformat(getattr(self, name).strip())
        except ValueError:
            self.errors[name] = text("lists.error.day")
            return None


def kind_words(one: PayerList) -> str:
    """Return which list it is."""
    question = one.question
    return _examined() if question.by_examination else text(f"lists.kind.{question.kind}")


def _examined() -> str:
    return text("lists.kind.online-examined")


def span_words(one: PayerList) -> str:
    """Return which days, or which month, it is about."""
    question = one.question
    if question.kind is ListKind.ASSISTANCE:
        month = question.first
        return text("field.ticket-month.value", year=month.year, month=month.month)
    return text("lists.span", first=show_date(question.first), last=show_date(question.last))


def state_words(one: PayerList) -> str:
    """Return how far it got."""
    if one.is_there:
        return text("lists.state.there", count=one.count)
    if one.problem is not None:
        return text(f"problem.{one.problem}.what")
    return text("lists.state.received" if one.state is BatchState.RECEIVED else "lists.state.asked")


def number_words(coverage: Coverage) -> str:
    """Return symbol, number and branch in one line."""
    parts = (
        coverage.insured_card_symbol,
        coverage.insured_identification_number,
        coverage.insured_branch_number,
    )
    return "・".join(part for part in parts if part)


def ticket_lines(ticket: MedicalTicket) -> list[str]:
    """Return a ticket in a few lines; what else stands on it is in the answer at a visit."""
    month = ticket.medical_treatment_month
    kind = "　".join(part for part in (label(ticket.ticket_type), ticket.issue_number) if part)
    lines = [kind]
    if month is not None:
        lines.append(text("field.ticket-month.value", year=month.year, month=month.month))
    lines.append(period(ticket.valid_date, ticket.expiration_date))
    if ticket.self_pay_amount is not None:
        lines.append(f"{text('field.ticket-self-pay')}　{yen(ticket.self_pay_amount)}")
    if ticket.single_or_combined_use is not None:
        lines.append(label(ticket.single_or_combined_use))
    if ticket.consistency_flag is not None:
        lines.append(label(ticket.consistency_flag))
    return [line for line in lines if line]


def consent_lines(coverage: Coverage) -> list[str]:
    """Return which medical data somebody consented to, and until when, by the payer's word."""
    held = (
        (text("field.consent-checkups"), coverage.specific_health_checkups_info),
        (text("field.consent-medicines"), coverage.pharmacists_info),
        (text("field.consent-treatment"), coverage.diagnosis_info),
        (text("field.consent-operations"), coverage.operation_info),
    )
    return [f"{name}　{consent_words(one)}" for name, one in held if one is not None]


def detail_lines(one: PayerList, coverage: Coverage) -> list[str]:
    """Return what the list is about: the tickets, or the consents."""
    if one.question.kind is ListKind.ASSISTANCE:
        return [line for ticket in coverage.medical_tickets for line in ticket_lines(ticket)]
    return consent_lines(coverage)


def _page(form: ListForm) -> str:
    lists = terminal().payer_lists
    return render_template(
        "staff/payer_lists.html",
        lists=lists.recent(log_in().actor),
        supported=lists.is_supported,
        form=form,
        kinds=[*((one, text(f"lists.kind.{one}")) for one in ListKind), (EXAMINED, _examined())],
        asked="asked" in request.args,
        **_words(),
    )


def _words() -> dict[str, object]:
    return {
        "kind_words": kind_words,
        "span_words": span_words,
        "state_words": state_words,
        "number_words": number_words,
        "detail_lines": detail_lines,
    }


@blueprint.get("/staff/lists")
@requires(Right.COVERAGE)
def overview() -> str:
    """Show which lists were asked for, and offer to ask for one."""
    return _page(ListForm.empty())


@blueprint.post("/staff/lists")
@requires(Right.COVERAGE)
def ask() -> Response | tuple[str, int]:
    """Ask for a list."""
    kind, first, last = (request.form.get(name, "")[:20] for name in ("kind", "first", "last"))
    form = ListForm(kind, first, last)
    asked = form.read()
    if asked is None:
        return _page(form), 422
    by_examination = form.kind == EXAMINED
    terminal().payer_lists.ask(log_in().actor, *asked, by_examination=by_examination)
    return redirect(url_for("payer_lists.overview", asked=""), 303)


@blueprint.get("/staff/lists/<list_id>")
@requires(Right.COVERAGE)
def one(list_id: str) -> str:
    """Show who stands on a list; each of them is written down as looked at."""
    opened = terminal().payer_lists.opened(log_in().actor, list_id)
    return render_template("staff/payer_list.html", opened=opened, list=opened.list, **_words())


def init(app: Flask) -> None:
    """Give ``app`` these pages."""
    app.register_blueprint(blueprint)
