"""Checks request bodies against botocore's model of Bedrock, which is not ours.

usage: check_bodies.py FOLDER-OF-check_request.py FOLDER-OF-BODIES
A body N stands beside N.target, which holds `METHOD PATH`.
"""

import os
import sys

sys.path.insert(0, sys.argv[1])
import check_request

folder, failed = sys.argv[2], False
for name in sorted(os.listdir(folder)):
    if name.endswith(".target"):
        continue
    with open(os.path.join(folder, name), "rb") as file:
        body = file.read()
    with open(os.path.join(folder, name + ".target")) as file:
        method, target = file.read().split(" ", 1)
    operation, problems = check_request.check(method, target, body)
    if problems:
        failed = True
        print(operation, target, *problems, body[:2000], sep="\n  ")
sys.exit(failed)
