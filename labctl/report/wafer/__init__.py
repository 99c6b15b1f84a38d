"""Report of a wafer: one self-contained HTML file from the folder of a campaign, nothing else."""

from labctl.report.wafer.page import write_wafer_report

__all__ = ["write_wafer_report"]
