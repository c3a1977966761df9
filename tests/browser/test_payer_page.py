"""The payer simulator's own page, in a real Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from eligibility.simulator.wording import VISIT_WORDS
from tests.browser.axe import axe_findings
from tests.national.desk import opened_link

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_card_visit_is_sent_from_the_page(
    tmp_path: Path, chromium: Browser, language: str
) -> None:
    """Who, consents and how it is told are chosen; the page names the files, or what is wrong."""
    with opened_link(tmp_path, control=True) as linked:
        page = chromium.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.goto(f"{linked.world.running.control_url}/?lang={language}")
        words = VISIT_WORDS[language]
        form = page.locator("#visit")
        expect(page.get_by_role("combobox", name=words["person"], exact=True)).to_be_visible()
        expect(form.locator("[name=seconds]")).to_be_hidden()
        form.locator("[name=person]").select_option("elderly")
        form.locator("[value=YZK]").check()
        form.locator("[name=fault]").select_option("twice")
        form.locator("[name=institution]").press("Enter")
        sent = page.locator("#sent")
        expect(sent).to_contain_text(".xml")
        files = {file.name: file.read_bytes() for file in linked.folders.face.iterdir()}
        assert set(files) == set(sent.inner_text().split()[1:])
        assert len(files) == 2
        assert all(b"<PharmacistsInfoConsFlg>1<" in content for content in files.values())
        form.locator("[name=other]").fill("nobody")
        form.locator("button").click()
        expect(page.locator("#problem")).to_contain_text("no such person")
        form.locator("[name=fault]").select_option("late")
        expect(form.locator("[name=seconds]")).to_be_visible()
        assert axe_findings(page) == []
        # the one that the refused order is worth
        assert all("404" in words for words in complaints)
        page.close()
