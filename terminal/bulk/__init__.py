"""The check of many people before they come (一括照会): planned, paced, resumed after a restart."""
