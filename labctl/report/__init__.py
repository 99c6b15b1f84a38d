"""Reports: one self-contained HTML file from the record of a run, nothing else."""
