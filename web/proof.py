"""The proof of a visit, for those who may see coverage, and the originals of its answers."""

from __future__ import annotations

from flask import Blueprint, Flask, make_response, render_template
from werkzeug.wrappers import Response

from eligibility.asking import NumberQuestion, PersonQuestion
from eligibility.codes import QualificationValidity
from eligibility.model import ConfirmationSource
from eligibility.national.unread import lines
from eligibility.national.wire import RawElement
from eligibility.payer import CardQuestion
from terminal.access.accounts import TERMINAL
from terminal.payer.calls import Call, DisclosureCall
from terminal.payer.question import QuestionKind
from terminal.proof import AnswerProof, AskedProof, ToldProof, VisitProof
from terminal.views import VisitDetail
from terminal.visit import VisitOrigin
from web.auth import log_in, terminal
from web.i18n import show_clock, show_date, show_moment, show_number, text
from web.report_words import seconds
from web.security import Right, requires
from web.subject_words import subject_rows
from web.wording import label

blueprint = Blueprint("proof", __name__)


@blueprint.get("/staff/visits/<visit_id>/proof")
@requires(Right.COVERAGE)
def of_visit(visit_id: str) -> str:
    """Show what was asked and answered for a visit."""
    actor = log_in().actor
    detail: VisitDetail = terminal().desk.visit(actor, visit_id)
    proof = terminal().proofs.of_visit(actor, visit_id)
    # what was told unasked stands for a question, and was none
    is_told = detail.row.visit.origin is VisitOrigin.PUSHED
    return render_template(
        "staff/proof.html",
        row=detail.row,
        proof=proof,
        asked=[one for one in proof.asked if one.calls or not is_told],
        asked_rows=asked_rows,
        call_rows=call_rows,
        answer_rows=answer_rows,
        disclosure_rows=disclosure_rows,
        told_rows=told_rows,
        unread_rows=unread_rows,
    )


@blueprint.get("/staff/visits/<visit_id>/answers/<answer_id>")
@requires(Right.COVERAGE)
def original(visit_id: str, answer_id: str) -> Response:
    """Hand out an answer's original bytes; who takes them is written down."""
    return _as_it_came(terminal().proofs.original(log_in().actor, visit_id, answer_id), answer_id)


@blueprint.get("/staff/visits/<visit_id>/told-file")
@requires(Right.COVERAGE)
def told_file(visit_id: str) -> Response:
    """Hand out the file in which a visit without an answer was told; who takes it is recorded."""
    file = terminal().proofs.told_file(log_in().actor, visit_id)
    return _as_it_came(file.content, visit_id)


def _as_it_came(content: bytes, ident: str) -> Response:
    response = make_response(content)
    form = "xml" if content.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<") else "json"
    response.headers["Content-Type"] = "application/octet-stream"
    response.headers["Content-Disposition"] = f'attachment; filename="answer-{ident}.{form}"'
    return response


def asked_rows(proof: VisitProof, one: AskedProof) -> list[tuple[str, str]]:
    """Return what a question asked, about whom and on which evidence."""
    if not isinstance(one.asked, CardQuestion):
        return _asked_without_card(one, one.asked)
    evidence, kind = one.asked.evidence, one.question.kind
    registers = kind is QuestionKind.CARD_REGISTRATION
    identified = text(
        "field.identified.by",
        method=text(f"method.{evidence.method}"),
        time=show_clock(evidence.identified_at),
    )
    by = "" if proof.identified_by is None else f"　{proof.identified_by}"
    return [
        (
            text("staff.proof.kind"),
            text("staff.proof.kind.registration" if registers else "staff.proof.kind.eligibility"),
        ),
        (text("staff.proof.asked"), show_moment(one.question.created_at)),
        (text("staff.proof.day"), show_date(one.asked.qualification_confirmation_date)),
        (text("field.identified"), f"{identified}{by}"),
        (text("staff.proof.shown"), text(f"proof.{evidence.proof}")),
        (text("staff.proof.question"), one.question.id),
        (text("staff.proof.certificate"), one.asked.subject.serial),
    ]


def _asked_without_card(
    one: AskedProof, asked: NumberQuestion | PersonQuestion
) -> list[tuple[str, str]]:
    if one.question.kind is QuestionKind.BULK_CHECK:
        kind = text("staff.proof.kind.bulk-check")
    elif isinstance(asked, NumberQuestion):
        kind = text("staff.proof.kind.number-eligibility")
    else:
        kind = text("staff.proof.kind.person-eligibility")
    return [
        (text("staff.proof.kind"), kind),
        (text("staff.proof.asked"), show_moment(one.question.created_at)),
        (text("staff.proof.day"), show_date(asked.qualification_confirmation_date)),
        *subject_rows(asked.subject),
        (text("staff.proof.question"), one.question.id),
    ]


def call_rows(one: AskedProof) -> list[tuple[str, ...]]:
    """Return a question's calls: number, when, at whose word, how long, what came of it, bytes."""
    return [
        (
            str(call.number),
            show_moment(call.asked_at),
            _who(call, name),
            seconds(call.milliseconds),
            _outcome(call),
            "–" if call.reply_bytes is None else show_number(call.reply_bytes),
        )
        for call, name in one.calls
    ]


def disclosure_rows(proof: VisitProof) -> list[tuple[str, ...]]:
    """Return the calls about consent and history: what, when, at whose word, how long, outcome."""
    return [
        (
            text("staff.proof.consent-told") if one.category is None else label(one.category),
            show_moment(one.asked_at),
            text("staff.proof.by-hand" if one.by_hand else "staff.log.terminal"),
            seconds(one.milliseconds),
            _outcome(one),
        )
        for one in proof.disclosed
    ]


def _outcome(call: Call | DisclosureCall) -> str:
    known = call.outcome
    return text("staff.report.without-end" if known is None else f"call-outcome.{known}")


def _who(call: Call, name: str | None) -> str:
    if call.actor == TERMINAL.id:
        return text("staff.log.terminal")
    return name or text("staff.log.unknown")


def answer_rows(one: AnswerProof) -> list[tuple[str, str]]:
    """Return what a confirmation stands on."""
    made = one.confirmation
    source = text(f"source.{made.source}")
    if not one.of_this_visit:
        earlier = text("staff.proof.earlier")
        source += f"　{earlier}"
    taken = None if one.call is None else one.call.milliseconds
    # nothing was asked where it was told unasked
    asked = [
        (text("staff.proof.taken"), seconds(taken)),
        (text("staff.proof.question"), one.question_id),
    ]
    return [
        (text("staff.proof.made"), show_moment(made.made_at)),
        (text("field.source"), source),
        (text("staff.proof.received"), show_moment(one.received_at)),
        (text("field.validity"), label(made.qualification_validity)),
        *([] if made.source is ConfirmationSource.PUSHED else asked),
        (text("staff.proof.bytes"), show_number(one.bytes_count)),
        (text("staff.proof.sha256"), one.sha256),
    ]


def told_rows(told: ToldProof) -> list[tuple[str, str]]:
    """Return what is known of the file in which a visit was told that has no answer."""
    file = told.file
    return [
        (text("staff.proof.told-at"), show_moment(file.received_at)),
        (text("field.source"), text("source.pushed")),
        (text("field.validity"), label(QualificationValidity.NOT_FOUND)),
        (text("staff.proof.bytes"), show_number(len(file.content))),
        (text("staff.proof.file"), file.name),
        (text("staff.proof.sha256"), file.sha256),
    ]


def unread_rows(unread: tuple[RawElement, ...]) -> list[tuple[str, str]]:
    """Return what the payer told and the terminal does not know: where it stood, and its value."""
    return [line for element in unread for line in lines(element)]


def init(app: Flask) -> None:
    """Give ``app`` these pages."""
    app.register_blueprint(blueprint)
