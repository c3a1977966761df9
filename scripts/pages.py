"""What a page of the terminal says and offers, for programs that visit it without a browser."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"input", "br", "img", "meta", "link", "hr", "path", "circle", "rect", "use"})
SILENT = frozenset({"svg", "script", "style", "title", "button", "nav", "form", "dialog", "header"})
BLOCKS = frozenset(
    {"p", "div", "section", "dl", "ul", "ol", "li", "table", "tr", "caption", "h1", "h2", "h3"}
)


class Page(HTMLParser):
    """One page: ``forms`` by action, ``data`` of elements by id, ``lines`` as a person reads them.

    Menus, forms and hidden parts are left out of ``lines``; a term and its value, and the cells of
    a row, stand in one line.
    """

    def __init__(self, html: str) -> None:
        """Read ``html`` whole."""
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.data: dict[str, dict[str, str]] = {}
        self.ids: set[str] = set()
        self.links: list[str] = []
        self._lines: list[str] = [""]
        self._form: dict[str, str] = {}
        self._open: list[tuple[str, bool]] = []
        self.feed(html)
        self.close()

    @property
    def lines(self) -> list[str]:
        """The text of the page's main part, line by line."""
        tidy = (" ".join(line.split()) for line in self._lines)
        return [line for line in tidy if line.strip("|: ")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, ids and links; break the line where a person sees a break."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = self.forms.setdefault(found.get("action", ""), {})
        elif tag == "input" and found.get("type") == "hidden":
            self._form[found.get("name", "")] = found.get("value", "")
        elif tag == "a":
            self.links.append(found.get("href", ""))
        if "id" in found:
            self.ids.add(found["id"])
            self.data[found["id"]] = {
                name.removeprefix("data-"): value
                for name, value in found.items()
                if name.startswith("data-")
            }
        if tag in BLOCKS or (tag == "dt" and self._lines[-1].strip()):
            self._lines.append("")
        elif tag in ("td", "th") and self._lines[-1].strip():
            self._lines[-1] += " | "
        elif tag == "span":
            self._lines[-1] += " "
        if tag not in VOID:
            self._open.append((tag, tag in SILENT or "hidden" in found))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element of this name."""
        if tag not in (name for name, _ in self._open):
            return
        while self._open.pop()[0] != tag:
            pass
        if tag in BLOCKS or tag == "dd":
            self._lines.append("")
        elif tag == "dt":
            self._lines[-1] += ": "

    def handle_data(self, data: str) -> None:
        """Take text that a person sees in the main part."""
        silent = any(hidden for _, hidden in self._open)
        if not silent and any(name == "main" for name, _ in self._open):
            self._lines[-1] += data
