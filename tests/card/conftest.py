from __future__ import annotations

import pytest

from tests.card.wallet import Wallet, make_wallet


@pytest.fixture(scope="session")
def wallet(tmp_path_factory: pytest.TempPathFactory) -> Wallet:
    """Cards of invented people."""
    return make_wallet(tmp_path_factory.mktemp("wallet"))
