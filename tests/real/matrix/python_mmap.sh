# SPDX-License-Identifier: MIT
# Python's own test module for mmap.
NEEDS=python3
VERIFY=20
SECONDS_MAX=300

run() {
	. "$CASES/python_tests"
	python_tests test_mmap
}
