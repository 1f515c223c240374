"""The wheel, and that the package knows all of the C ABI."""

import base64
import hashlib
import importlib.metadata
import re
import subprocess
import sys
import unittest
from pathlib import Path

import outcrop
from outcrop import _library, events, stream
from support import ROOT


class Package(unittest.TestCase):
    def test_it_is_installed_from_the_wheel(self):
        files = {str(file) for file in importlib.metadata.files("outcrop")}
        self.assertLessEqual({"outcrop/__init__.py", "outcrop/py.typed", "outcrop/liboutcrop.so"}, files)
        self.assertIn("site-packages", outcrop.__file__)
        self.assertEqual(importlib.metadata.version("outcrop"), outcrop.__version__)

    def test_the_wheel_tells_what_it_holds(self):
        told = [file for file in importlib.metadata.files("outcrop") if file.hash is not None and file.suffix != ".pyc"]
        self.assertGreater(len(told), 10)
        for file in told:
            hashed = hashlib.sha256(file.locate().read_bytes()).digest()
            self.assertEqual(base64.urlsafe_b64encode(hashed).rstrip(b"=").decode(), file.hash.value, file)

    def test_every_function_of_the_header_is_declared_or_left_out_on_purpose(self):
        header = (ROOT / "host-shim/capi/include/outcrop.h").read_text()
        names = set(re.findall(r"\boutcrop_(\w+)\(", header))
        left_out = {
            "event_is_terminal",  # the stream says so
            "event_error",  # in the JSON
            "models_id",  # in the JSON
            "stream_cancel",  # a token does it
            "stream_next",  # waits without letting Ctrl-C through
            "stream_set_wakeup",  # the descriptor does it
        }
        declared = {*_library._FUNCTIONS, *_library._READERS}
        self.assertEqual(names - declared, left_out)
        self.assertLessEqual(declared, names)
        version = re.search(r"OUTCROP_ABI_VERSION (\d+)", header)[1]
        self.assertEqual(_library.lib.abi_version(), int(version))
        self.assertLessEqual(_library.ABI_VERSION, int(version))

    def test_every_kind_of_event_is_known(self):
        header = (ROOT / "host-shim/capi/include/outcrop.h").read_text()
        kinds = {name.lower(): int(number) for name, number in re.findall(r"OUTCROP_EVENT_(\w+) = (\d+),", header)}
        self.assertEqual(set(events._FROM_JSON) | {"none", "error", "other"}, set(kinds))
        self.assertEqual(stream._ERROR, kinds["error"])
        for number, kind in stream._DELTAS.items():
            self.assertEqual(kinds[kind.kind], number)

    def test_a_kind_that_a_later_library_may_have(self):
        told = {"type": "picture_delta", "contentIndex": 0, "data": "..."}
        self.assertEqual(events.from_json(told), outcrop.Other("picture_delta", told))
        self.assertEqual(events.from_json(told).kind, "other")

    def test_a_library_that_is_not_there_is_told(self):
        ended = subprocess.run(
            [sys.executable, "-c", "import outcrop"],
            env={"OUTCROP_LIBRARY": "/no/such/liboutcrop.so"},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertIn("OUTCROP_LIBRARY", ended.stderr)
        self.assertIn("ImportError", ended.stderr)

    def test_nothing_but_python_is_needed(self):
        self.assertEqual(importlib.metadata.requires("outcrop"), None)
        self.assertTrue((Path(outcrop.__file__).parent / "py.typed").exists())
