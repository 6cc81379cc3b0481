#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""schema_check.py SCHEMA REPORT.json...: do reports keep to the schema, and does the schema describe
all that they have? For the latter, no object may have a field that the schema does not name."""
import json
import sys

import jsonschema


def strict(schema):
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    if isinstance(made.get("properties"), dict):
        made["additionalProperties"] = False
    return made


def main():
    with open(sys.argv[1]) as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(strict(schema))
    found = 0
    for name in sys.argv[2:]:
        with open(name) as file:
            for error in validator.iter_errors(json.load(file)):
                found += 1
                print(f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    return 1 if found else 0


sys.exit(main())
