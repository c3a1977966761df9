"""The payer over the national interface: XML files exchanged with the link app (連携アプリ).

Owns the messages and their way through the drop folders; imports the domain model only.  Begin
with ``client.py`` for the adapter and ``folder.py`` for the transport (docs/national.md).
"""
