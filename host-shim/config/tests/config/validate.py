"""Tells of each instance on standard input whether the schema there takes it. Skips without jsonschema."""

import json
import sys

try:
    from jsonschema import Draft7Validator
except ImportError:
    sys.exit(77)

given = json.load(sys.stdin)
Draft7Validator.check_schema(given["schema"])
validator = Draft7Validator(given["schema"])
json.dump([validator.is_valid(instance) for instance in given["instances"]], sys.stdout)
