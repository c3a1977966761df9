"""What every request must pass and every answer must carry."""

from http import HTTPStatus

import pytest
from werkzeug.routing import Rule

from terminal.access.accounts import TERMINAL, Role
from tests.web.visitors import Site, Visitor
from web.security import CONTENT_SECURITY_POLICY, Right

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " media-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
REFUSED = {HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED}
STREAMS = {"live.staff", "live.kiosk"}


def paths(site: Site, method: str) -> list[tuple[str, str]]:
    """Return endpoint and an address of each rule that takes ``method``."""
    with site.app.test_request_context(base_url=site.origin):
        adapter = site.app.url_map.bind("localhost")
        return [
            (rule.endpoint, adapter.build(rule.endpoint, values(rule), method=method))
            for rule in site.app.url_map.iter_rules()
            if method in (rule.methods or ())
        ]


def values(rule: Rule) -> dict[str, str]:
    """Return something to put into a rule's placeholders."""
    given = {"filename": "css/tokens.css", "change": "disable", "what": "pause"}
    return {name: given.get(name, "0" * 32) for name in rule.arguments}


def right_of(site: Site, endpoint: str) -> Right | None:
    """Return the right that a view declares."""
    return getattr(site.app.view_functions[endpoint], "right", None)


def test_the_policy_is_the_strict_one() -> None:
    """The Content-Security-Policy is the one that was decided, to the letter."""
    assert CONTENT_SECURITY_POLICY == CSP


def test_every_answer_carries_the_headers(site: Site) -> None:
    """Each route, also refused or failed, has policy and headers, and only static is kept."""
    visitor = site.visitor()
    for endpoint, path in [*paths(site, "GET"), ("none", "/no/such/page")]:
        answer = visitor.opens(path)
        headers = answer.headers
        assert headers["Content-Security-Policy"] == CSP, path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert headers["Cache-Control"] == "no-store", (endpoint, path)
        answer.close()


def test_hashed_static_files_may_be_kept(site: Site) -> None:
    """A static file asked for by its hash is cacheable for ever; a missing one is not."""
    visitor = site.visitor()
    kept = visitor.opens("/static/css/tokens.css?v=1")
    assert "immutable" in kept.headers["Cache-Control"]
    kept.close()
    assert visitor.opens("/static/css/none.css?v=1").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("host", ["evil.example", "localhost", "localhost:1", "127.0.0.1.evil"])
def test_a_foreign_host_is_refused(site: Site, host: str) -> None:
    """A name that is not ours (DNS rebinding) gets 421 before anything else happens."""
    answer = site.app.test_client().get("/staff/login", headers={"Host": host})
    assert answer.status_code == HTTPStatus.MISDIRECTED_REQUEST
    assert "Set-Cookie" not in answer.headers or "staff" not in answer.headers["Set-Cookie"]


def test_reading_by_address_leads_to_the_name(site: Site) -> None:
    """GET on 127.0.0.1 is redirected to the canonical name; a change there is refused."""
    host = site.origin.replace("http://localhost", "127.0.0.1")
    client = site.app.test_client()
    answer = client.get("/staff/login?next=%2Fstaff%2F", headers={"Host": host})
    assert answer.status_code == HTTPStatus.PERMANENT_REDIRECT
    assert answer.headers["Location"] == f"{site.origin}/staff/login?next=%2Fstaff%2F"
    posted = client.post("/staff/login", headers={"Host": host, "Origin": f"http://{host}"})
    assert posted.status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    "origin", [None, "null", "http://localhost:1", "https://localhost", "http://evil.example"]
)
def test_a_change_needs_exactly_our_origin(site: Site, origin: str | None) -> None:
    """No POST passes with another Origin, whatever token it carries."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    headers = {"Origin": origin} if origin else {}
    for _, path in paths(site, "POST"):
        answer = visitor.client.post(
            path, base_url=site.origin, headers=headers, data={"csrf_token": visitor.token}
        )
        assert answer.status_code == HTTPStatus.FORBIDDEN, path
    assert visitor.opens("/staff/me").status_code == HTTPStatus.OK


@pytest.mark.parametrize("token", ["", "0" * 64, "ü"])
def test_a_change_needs_the_pages_token(site: Site, token: str) -> None:
    """No POST passes without the token of this browser's log-in."""
    for visitor in (site.visitor(), site.visitor().logs_in(Role.ADMINISTRATOR)):
        for _, path in paths(site, "POST"):
            assert visitor.sends(path, {"csrf_token": token}).status_code in REFUSED, path


def test_a_token_of_another_log_in_does_not_fit(site: Site) -> None:
    """The token is bound to the log-in: a stranger's own token opens nothing in ours."""
    stranger = site.visitor().logs_in(Role.CLINICIAN)
    owner = site.visitor().logs_in(Role.ADMINISTRATOR)
    answer = owner.sends("/staff/kiosks/code", {"csrf_token": stranger.token})
    assert answer.status_code == HTTPStatus.FORBIDDEN


def test_a_missing_page_still_knows_its_reader(site: Site) -> None:
    """A page that does not exist carries the log-in's token, so that its forms work."""
    visitor = site.visitor().logs_in(Role.RECEPTION)
    assert visitor.opens("/staff/none").status_code == HTTPStatus.NOT_FOUND
    answer = visitor.sends("/staff/language", {"language": "en"})
    assert answer.status_code == HTTPStatus.SEE_OTHER


@pytest.mark.parametrize("sent_from", ["same-site", "cross-site"])
def test_other_sites_may_link_to_the_entry_only(site: Site, sent_from: str) -> None:
    """What another site embeds or links to is refused, but for the page that shows the ways in."""
    visitor = site.visitor().logs_in(Role.CLINICIAN)
    for endpoint, path in paths(site, "GET"):
        answer = visitor.opens(path, **{"Sec-Fetch-Site": sent_from})
        expected = HTTPStatus.OK if endpoint == "entry" else HTTPStatus.FORBIDDEN
        assert answer.status_code == expected, path


def test_every_view_declares_its_right(site: Site) -> None:
    """There is no view whose right was forgotten."""
    missing = [
        endpoint
        for endpoint in site.app.view_functions
        if endpoint != "static" and right_of(site, endpoint) is None
    ]
    assert missing == []


ALLOWED: dict[Role | None, set[Right]] = {
    None: {Right.PUBLIC},
    Role.RECEPTION: {Right.PUBLIC, Right.STAFF, Right.COVERAGE},
    Role.CLINICIAN: {Right.PUBLIC, Right.STAFF, Right.COVERAGE, Right.HISTORY, Right.EMERGENCY},
    Role.PHARMACIST: {Right.PUBLIC, Right.STAFF, Right.COVERAGE, Right.HISTORY},
    Role.ADMINISTRATOR: {Right.PUBLIC, Right.STAFF, Right.ADMINISTRATION},
}


def is_let_in(answer_status: int, location: str) -> bool:
    """Whether an answer is neither a refusal nor the way to a log-in."""
    leads_to_login = location.startswith(("/staff/login", "/kiosk/enrol"))
    return answer_status not in REFUSED and not leads_to_login


@pytest.mark.parametrize("role", list(ALLOWED))
def test_each_role_opens_its_own_pages_only(site: Site, role: Role | None) -> None:
    """Role by route: who lacks a view's right is refused or led to log-in, for every view."""
    visitor = site.visitor()
    if role is not None:
        visitor.logs_in(role)
    for endpoint, path in paths(site, "GET"):
        if endpoint == "static" or (endpoint in STREAMS and role is not None):
            continue
        answer = visitor.opens(path)
        let_in = is_let_in(answer.status_code, answer.headers.get("Location", ""))
        assert let_in == (right_of(site, endpoint) in ALLOWED[role]), (endpoint, answer.status)


@pytest.mark.parametrize("role", list(ALLOWED))
def test_each_role_changes_its_own_things_only(site: Site, role: Role | None) -> None:
    """Role by route for changes: with a right token, only the right decides."""
    visitor = site.visitor()
    if role is not None:
        visitor.logs_in(role)
    # the log-in ends with the last of them
    for endpoint, path in sorted(paths(site, "POST"), key=lambda at: at[0] == "auth.logout"):
        if endpoint in ("auth.try_login", "auth.try_enrol"):
            continue
        visitor.opens("/kiosk/enrol" if path.startswith("/kiosk") else "/staff/login")
        if role is not None and not path.startswith("/kiosk"):
            visitor.opens("/staff/me")
        status = visitor.sends(path).status_code
        allowed = right_of(site, endpoint) in ALLOWED[role]
        assert (status not in REFUSED) == allowed, (endpoint, status)


def test_the_kiosk_opens_no_staff_page(site: Site) -> None:
    """The kiosk's cookie opens the kiosk and nothing of the staff's."""
    kiosk = site.visitor().enrols()
    for endpoint, path in paths(site, "GET"):
        if path.startswith("/kiosk") or right_of(site, endpoint) in (None, Right.PUBLIC):
            continue
        answer = kiosk.opens(path)
        assert not is_let_in(answer.status_code, answer.headers.get("Location", "")), path
    assert kiosk.opens("/kiosk/").status_code == HTTPStatus.OK


def test_staff_open_no_kiosk_page(site: Site) -> None:
    """A log-in of staff does not make their browser a kiosk."""
    for role in Role:
        answer = site.visitor().logs_in(role).opens("/kiosk/")
        assert answer.headers["Location"] == "/kiosk/enrol", role


def status_with(taker: Visitor, name: str, value: str) -> int:
    """Return how the first page answers a browser that brings this cookie."""
    taker.brings(name, value)
    return taker.opens("/staff/me" if name == "staff" else "/kiosk/").status_code


def test_one_sides_token_is_no_token_of_the_other(site: Site) -> None:
    """A kiosk's token in the staff's cookie opens nothing, nor the other way round."""
    kiosk_token = site.visitor().enrols().cookie("kiosk")
    staff_token = site.visitor().logs_in(Role.CLINICIAN).cookie("staff")
    assert kiosk_token is not None
    assert staff_token is not None
    assert status_with(site.visitor(), "staff", kiosk_token) == HTTPStatus.SEE_OTHER
    assert status_with(site.visitor(), "kiosk", staff_token) == HTTPStatus.SEE_OTHER


def test_cookies_are_locked_down(site: Site) -> None:
    """Every cookie is bound to this host, hidden from scripts and never sent across sites."""
    visitor = site.visitor()
    answers = [visitor.opens("/staff/login")]
    fields = {"name": "reception", "password": site.passwords[Role.RECEPTION]}
    answers.append(visitor.sends("/staff/login", fields))
    visitor.opens("/staff/me")
    answers.append(visitor.sends("/staff/language", {"language": "en"}))
    kiosk = site.visitor()
    kiosk.opens("/kiosk/enrol")
    answers.append(
        kiosk.sends("/kiosk/enrol", {"code": site.clinic.terminal.kiosks.make_code(TERMINAL)})
    )
    seen = set()
    for answer in answers:
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, *parts = cookie.split("; ")
            seen.add(name.partition("=")[0])
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(parts), cookie
            assert not any(part.startswith("Domain") for part in parts), cookie
    names = ("visitor", "staff", "device", "staff-language", "kiosk")
    assert seen >= {f"__Host-{name}" for name in names}


def test_a_large_request_is_refused(site: Site) -> None:
    """A form larger than any of ours is not read."""
    visitor = site.visitor()
    visitor.opens("/staff/login")
    answer = visitor.sends("/staff/login", {"name": "x" * 100_000})
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_reading_changes_nothing(site: Site) -> None:
    """No view that changes something can be reached by GET."""
    changing = {"identify", "ask_again", "close", "logout", "disable", "revoke", "make_kiosk_code"}
    for endpoint, _ in paths(site, "GET"):
        assert endpoint.partition(".")[2] not in changing
