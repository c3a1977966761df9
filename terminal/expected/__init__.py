"""Who is expected: appointments (予約), and what a check before the day found of them."""
