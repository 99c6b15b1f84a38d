# Each target is one `python -m` line that works in PowerShell too: py -m tools.make demo
# More arguments go on to the command:  make test ARGS="tests/unit -k shadow"
PYTHON ?= python3

demo wafer test faults lint bench gui screenshots constraints windows:
	@$(PYTHON) -m tools.make $@ $(ARGS)

.PHONY: demo wafer test faults lint bench gui screenshots constraints windows
.NOTPARALLEL:
