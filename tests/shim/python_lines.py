# SPDX-License-Identifier: MIT
"""Compares the scripts' frames of a report (JSON) with what the interpreter noted, for the functions
of tests/targets/python_lines.py that map memory. usage: python_lines.py REPORT.json NOTED.json PID"""
import json
import sys

MAPPERS = ('new_map', 'new_block', 'released', 'populated')
SHOWN = 32

report = json.load(open(sys.argv[1]))
noted = {tuple(tuple(f) for f in stack): n for stack, n in json.load(open(sys.argv[2]))}
process = next(p for p in report['processes'] if p['pid'] == int(sys.argv[3]))
scripts = ('.py', '.pyc', '<string>', '<made>')


def is_script(frame):
    return frame['file'] and (frame['file'].endswith(scripts) or frame['file'].startswith('<frozen'))


seen = {}
wrong = []
for site in process['sites']:
    # a fork child has its parent's sites, too
    if site['call'] != 'mmap' or not site['calls']:
        continue
    stack = tuple((f['function'], f['file'], f['line']) for f in site['stack'] if is_script(f))
    if not stack or stack[0][0] not in MAPPERS:
        continue
    seen[stack] = seen.get(stack, 0) + site['calls']
for stack in seen:
    # a stack that had more frames than there is room for lacks outer ones
    if stack not in noted and not any(s[:len(stack)] == stack and len(s) == SHOWN for s in noted):
        wrong.append(stack)
missing = {s: n - seen.get(s, 0) for s, n in noted.items() if seen.get(s, 0) < n}
short = {s for s in missing if any(s[:len(t)] == t for t in seen)}
for stack in wrong[:3]:
    print('wrong:', seen[stack], stack[:4])
for stack in [s for s in missing if s not in short][:3]:
    print('missing:', missing[stack], stack[:4])
absent = sum(n for s, n in missing.items() if s not in short)
print('%d stacks of %d noted, %d maps; %d wrong, %d maps without their stack, %d cut' % (
    len(seen), len(noted), sum(noted.values()), len(wrong), absent, len(short)))
sys.exit(1 if wrong or absent or not seen else 0)
