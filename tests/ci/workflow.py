#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run the shell steps of a GitHub workflow or a GitLab job in this folder, as the forge would.

workflow.py FILE.yml: prints each step and its status; the status is the job's. Actions of others
are not run; of those that this project's examples use, what they need is looked for instead.
"""
import os
import re
import subprocess
import sys
import tempfile

import yaml


def run(command, shell, variables=None):
    print(f"+ {command}", flush=True)
    status = subprocess.run([*shell, command], stdin=subprocess.DEVNULL,
                            env={**os.environ, **(variables or {})}).returncode
    print(f"= {status}", flush=True)
    return status == 0


def need(path):
    found = os.path.isfile(path) and os.path.getsize(path) > 0
    print(f"{'found' if found else 'MISSING'} {path}", flush=True)
    if not found:
        sys.exit(99)


def variables_of(step):
    """The step's environment, in which variables of the repository are those of this process."""
    return {name: re.sub(r"\${{ vars\.(\w+) }}", lambda found: os.environ[found[1]], str(value))
            for name, value in step.get("env", {}).items()}


def add_paths(file):
    """Folders that a step has written into the file are searched first by those after it."""
    file.seek(0)
    for line in file:
        os.environ["PATH"] = f"{line.strip()}:{os.environ['PATH']}"
    file.truncate(0)


def github(workflow):
    """Steps go on after a failure only where their condition says so."""
    conditions = {"success()": (True, False), "failure()": (False, True), "always()": (True, True),
                  "success() || failure()": (True, True)}
    job, = workflow["jobs"].values()
    good = True
    paths = tempfile.NamedTemporaryFile("r+")
    os.environ["GITHUB_PATH"] = paths.name
    for step in job["steps"]:
        when = conditions[step.get("if", "success()")]
        if not when[0 if good else 1]:
            continue
        if "run" in step:
            good = run(step["run"], ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"],
                       variables_of(step)) and good
            add_paths(paths)
        elif step["uses"].startswith("github/codeql-action/upload-sarif@"):
            assert job["permissions"]["security-events"] == "write"
            need(step["with"]["sarif_file"])
        else:
            assert step["uses"].startswith("actions/checkout@"), step
            assert job["permissions"]["contents"] == "read"
    return good


def gitlab(jobs):
    """All lines of a job are one script that ends at the first that fails."""
    job, = jobs.values()
    good = run("\n".join(job["script"]), ["sh", "-ec"])
    assert good or job["artifacts"]["when"] == "always"
    need(job["artifacts"]["reports"]["junit"])
    return good


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = yaml.safe_load(file)
    sys.exit(0 if (github if "jobs" in document else gitlab)(document) else 1)


main()
