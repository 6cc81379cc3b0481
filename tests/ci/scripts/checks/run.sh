# SPDX-License-Identifier: MIT
# For tests/cli/ci.sh: a test that starts the program that it is given.
"$1" 3
