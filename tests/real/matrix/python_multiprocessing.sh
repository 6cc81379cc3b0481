# SPDX-License-Identifier: MIT
# Python's own test modules for multiprocessing: started by fork, and a few by spawn.
NEEDS=python3
VERIFY=50
SECONDS_MAX=400

run() {
	. "$CASES/python_tests"
	python_tests test_multiprocessing_fork
}
