"""How long what the desk recorded is kept, and how it goes; start in :mod:`.retention`."""
