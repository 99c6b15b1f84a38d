"""Virtual instruments on a virtual sample, met over VISA like real ones."""
