"""What a page of the desk says on paper, sheet by sheet."""

from __future__ import annotations

import io
import os
import unicodedata
from pathlib import Path

from playwright.sync_api import Page
from pypdf import PdfReader


def sheets_of(page: Page, name: str, *, white: int = 0) -> list[str]:
    """Print on A4 as the page's own styles ask; return the text of each sheet.

    ``white`` millimetres at the head move everything down, so that it ends elsewhere on the last
    sheet: a layout that leaves a blank one does so only for some lengths.  The fonts draw some
    characters by the glyphs of others, so the text comes as NFKC.  Where ``PAPER_SHOTS`` names a
    folder, the paper is kept there as ``name``.
    """
    page.locator(".desk-main").evaluate(
        "(main, white) => { main.style.paddingBlockStart = `${white}mm` }", white
    )
    pdf = page.pdf(prefer_css_page_size=True)
    if folder := os.environ.get("PAPER_SHOTS"):
        (Path(folder) / f"{name}-{white}.pdf").write_bytes(pdf)
    sheets = PdfReader(io.BytesIO(pdf)).pages
    return [unicodedata.normalize("NFKC", sheet.extract_text()) for sheet in sheets]


def is_blank(sheet: str, repeated: int) -> bool:
    """Tell whether nothing but the ``repeated`` lines of each sheet's head and foot is on it."""
    return len(sheet.splitlines()) <= repeated
