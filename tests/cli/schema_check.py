#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""schema_check.py SCHEMA DOCUMENT.json...: do documents keep to the schema, and does the schema describe
all that they have? For the latter, no object may have a field that the schema does not name. A schema may
refer to others in its folder."""
import json
import os
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


def read(name):
    with open(name) as file:
        return json.load(file)


def main():
    schema = read(sys.argv[1])
    folder = os.path.dirname(sys.argv[1])
    others = {name: strict(read(os.path.join(folder, name))) for name in os.listdir(folder or ".")
              if name.endswith(".schema.json")}
    jsonschema.Draft7Validator.check_schema(schema)
    resolver = jsonschema.RefResolver("", strict(schema), store=others)
    validator = jsonschema.Draft7Validator(strict(schema), resolver=resolver)
    found = 0
    for name in sys.argv[2:]:
        for error in validator.iter_errors(read(name)):
            found += 1
            print(f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    return 1 if found else 0


sys.exit(main())
