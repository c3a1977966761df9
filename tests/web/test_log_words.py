"""What staff read of what was done in a visit."""

from __future__ import annotations

import html
import re

from terminal.access.accounts import Role
from tests.web.visitors import Site


def test_the_log_of_a_visit_is_in_words(site: Site) -> None:
    """The patient is no unknown person, and neither a method nor an answer stands there in code."""
    visit_id = site.clinic.receives("ordinary").visit.id
    page = site.visitor().logs_in(Role.RECEPTION).opens(f"/staff/visits/{visit_id}/log").text
    rows = [
        [html.unescape(re.sub("<[^>]+>", "", cell)).strip() for cell in row]
        for row in (re.findall(r"<td[^>]*>(.*?)</td>", one, re.S) for one in page.split("<tr>"))
        if row
    ]
    told = {(who, what): why for _, who, what, why in rows}
    assert told["患者さん", "本人を確認"] == "暗証番号"
    assert "薬剤・処方: 同意あり" in told["患者用端末", "同意の回答"]
    assert not re.search(r"[A-Z]{3}=", page)
