"""Lake Shore: temperature controllers."""
