"""Accessibility by axe-core: what breaks a rule, and what axe could not decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page, expect

SCRIPT = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
TOO_SHORT = "shortTextContent"
"""axe does not judge the contrast of a single character; the token's contrast is computed."""

BEHIND_IMAGE = "imgNode"
"""Nor of words drawn in a chart: they stand in a picture, in the text colour on white."""

OVERLAPPED = "bgOverlap"
"""Nor of words over a chart's shade: the text colour on the palest grey."""

NON_TEXT = "nonBmp"
"""Nor of a result that is a sign alone, as "−" and "+++"."""

LANGUAGES = {"English": "en", "日本語": "ja"}

ROW_GROUPS = ('<table class="table drugs"', '<table class="table checkups"')
"""axe looks for the cells of a rowgroup's header in the header's own row."""


AT_REST = """
async rules => {
  for (;;) {
    let changed = false;
    const watch = new MutationObserver(() => { changed = true; });
    watch.observe(document, {childList: true, subtree: true});
    let report = null;
    try {
      report = await axe.run(document, {runOnly: rules});
    } catch (error) {
      if (!changed) throw error;
    }
    watch.disconnect();
    if (!changed) return report;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}
"""
"""A live page may take in news while axe walks through it: what axe says then is of no page."""


def in_language(page: Page, language: str) -> None:
    """Choose a language at the head of the page; return when the page has come in it."""
    with page.expect_navigation():
        page.get_by_role("button", name=language, exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", LANGUAGES[language])


def axe_findings(page: Page) -> list[str]:
    """Return a line for each element that breaks a rule or could not be judged."""
    page.evaluate(SCRIPT)
    report: dict[str, Any] = page.evaluate(AT_REST, list(RULES))
    return [
        f"{kind}: {rule['id']}: {node['html'][:120]}: {check['message']}"
        for kind in ("violations", "incomplete")
        for rule in report[kind]
        for node in rule["nodes"]
        for check in [*node["any"], *node["all"], *node["none"]][:1]
        if not _is_known(rule["id"], (check.get("data") or {}).get("messageKey"), node["html"])
    ]


def _is_known(rule: str, message_key: str | None, html: str) -> bool:
    """Whether axe only says that it cannot judge what is judged elsewhere."""
    if rule == "th-has-data-cells":
        return html.startswith(ROW_GROUPS)
    in_chart = html.startswith('<text class="chart-')
    if message_key == NON_TEXT:
        return html.startswith('<span class="v">')
    return message_key == TOO_SHORT or (message_key in (BEHIND_IMAGE, OVERLAPPED) and in_chart)
