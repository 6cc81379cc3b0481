# SPDX-License-Identifier: MIT
# Python's own test module for multiprocessing, processes started by fork.
NEEDS=python3
VERIFY=50
SECONDS_MAX=400

run() {
	. "$CASES/python_tests"
	python_tests test_multiprocessing_fork
}
