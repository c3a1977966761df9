"""Who may come in: staff, their passwords and log-ins, and the kiosks' browsers."""
