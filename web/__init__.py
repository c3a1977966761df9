"""Pages and JSON for kiosk and staff: HTTP, HTML, languages, log-in.

Computes nothing about eligibility; formats what ``terminal`` says and forwards commands.
Start reading in :func:`web.app.create_app`.
"""
