"""What we claim to be fast, measured against peers in the same run; nothing here passes or fails."""
