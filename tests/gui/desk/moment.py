"""The time, which stands still."""

from datetime import datetime

NOW = datetime(2026, 11, 23, 19, 45, 2)
