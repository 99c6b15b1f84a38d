"""What a run measured, as curves and maps: live, past and several runs over one another."""
