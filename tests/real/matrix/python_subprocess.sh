# SPDX-License-Identifier: MIT
# Python's own test module for subprocess.
NEEDS=python3
VERIFY=20
SECONDS_MAX=300

# One test is left out, which lists the descriptors of a child: it sees the library's own two as
# well, from 1000 on.
run() {
	. "$CASES/python_tests"
	python_tests -i test_pass_fds_redirected test_subprocess
}
