"""Drive a tray that is being served: what ``virtual-card put``, ``take`` and ``script`` send."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from typing import Any

from terminal.errors import ReaderError
from terminal.virtual_card.script import Step

_HOST = "127.0.0.1"


def insert(port: int, slug: str) -> str:
    """Put a card on the reader; return what lies there now, in words.  Raises ReaderError."""
    return _on_reader(_post(port, "/insert", {"card": slug}))


def remove(port: int) -> str:
    """Take the card away; return what lies there now.  Raises ReaderError."""
    return _on_reader(_post(port, "/remove", {}))


def script(port: int, slug: str, steps: Sequence[Step]) -> str:
    """Arm the next insertion of a card; return its steps in words.  Raises ReaderError."""
    body = {"card": slug, "steps": [step.model_dump(mode="json") for step in steps]}
    state = _post(port, "/script", body)
    armed = next(card["script"] for card in state["cards"] if card["slug"] == slug)
    return f"next insertion of {slug}: {' '.join(armed) or 'as ever'}"


def _on_reader(state: dict[str, Any]) -> str:
    return f"on the reader: {state['on_reader'] or 'nothing'}"


def _post(port: int, path: str, body: object) -> dict[str, Any]:
    connection = http.client.HTTPConnection(_HOST, port, timeout=10)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        msg = f"no tray answers on {_HOST}:{port}: is `virtual-card serve` running?"
        raise ReaderError(msg) from error
    finally:
        connection.close()
    if response.status != 200 or not isinstance(answer, dict):
        raise ReaderError(f"the tray refused: {answer.get('error', response.status)}")
    return answer
