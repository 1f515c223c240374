"""What is let go of: streams that nobody drained, hosts, processes, the log."""

import dataclasses
import gc
import inspect
import logging
import multiprocessing
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

import outcrop
from support import KEYS, PATIENCE, REGION, Test, ask


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def in_child(host, stream, queue):
    told = []
    for work in (lambda: host.stream(ask("sim:text")), lambda: next(stream), host.models, stream.cancel):
        try:
            work()
        except outcrop.OutcropError as error:
            told.append((type(error).__name__, str(error)))
    queue.put(told)


def own_host_in_child(options, queue):
    with outcrop.Host(**options) as host:
        queue.put(host.answer(ask("sim:text From the child.")).text)


class Lifetime(Test):
    def test_streams_that_nobody_drained_close_their_connections(self):
        relay = self.relay()
        with self.new_host(endpoint=relay.endpoint) as host:
            for _ in range(8):
                next(host.stream(ask("sim:paced deltas=100000")))
            relay.wait_until_closed(8)

    def test_nothing_is_left_of_streams(self):
        for count in (2, 50):
            for _ in range(count):
                list(self.host.stream(ask("sim:paced deltas=3 every=1")))
            gc.collect()
            if count == 2:
                before = descriptors()
        self.assertLessEqual(descriptors(), before + 2)

    def test_a_host_may_go_before_its_streams(self):
        stream = self.new_host().stream(ask("sim:text Still here."))
        gc.collect()
        self.assertEqual([event for event in stream][-1].text, "Still here.")

    def test_a_configuration_that_is_not_fit_changes_nothing(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json5") as file:
            file.write("{}")
            file.flush()
            with self.new_host(config_file=file.name) as host:
                host.reload_plugins()
                file.write("]")
                file.flush()
                with self.assertRaises(outcrop.InvalidRequestError) as caught:
                    host.reload_plugins()
                self.assertIn(file.name, str(caught.exception))
                self.assertEqual(host.answer(ask("sim:text Still there.")).text, "Still there.")

    def test_every_option_of_the_library_has_an_argument(self):
        arguments = set(inspect.signature(outcrop.Host).parameters)
        limits = {f"limit_{limit.name}" for limit in dataclasses.fields(outcrop.Limits)}
        for value in ("", 0):
            with self.assertRaises(outcrop.OutcropError) as caught:
                self.new_host(options={"no_such": value})
            names = str(caught.exception).split("there are ")[1].split(", ")
            self.assertGreater(len(names), 10)
            for name in names:
                name = name.strip().removesuffix("_ms").replace("config_text", "config")
                self.assertIn(name, arguments | limits)

    def test_options_that_are_lists_and_times_reach_the_library(self):
        limits = outcrop.Limits(queued_streams=1, queue_time=0.5, log_lines=3)
        fallbacks = ["amazon-bedrock/amazon.nova-lite-v1:0"]
        with self.new_host(fallbacks=fallbacks, adaptive_rate=True, limits=limits) as host:
            self.assertEqual(host.answer(ask("sim:text Yes.")).text, "Yes.")
        with self.assertRaises(outcrop.OutcropError) as caught:
            self.new_host(fallbacks=["nobody/knows"])
        self.assertIn("nobody", str(caught.exception))

    def test_closing_twice_is_nothing_to_do(self):
        with self.new_host() as host:
            with host.stream(ask("sim:text")) as stream:
                next(stream)
            stream.close()
            with self.assertRaises(outcrop.ClosedError):
                next(stream)
            with self.assertRaises(outcrop.ClosedError):
                stream.fileno()
            with self.assertRaises(outcrop.ClosedError):
                stream.token()
            stream.cancel()
        host.close()
        for work in (host.models, lambda: host.stream(ask("sim:text"))):
            with self.assertRaises(outcrop.ClosedError):
                work()

    def test_a_host_that_was_not_made_leaves_nothing(self):
        with self.assertRaises(outcrop.OutcropError):
            self.new_host(plugin_file="/no/such/plugin.wasm", log=logging.getLogger("outcrop.test"))
        self.assertEqual(sys.modules["outcrop._log"]._loggers.keys() - {self.host_logger()}, set())

    def host_logger(self):
        return next(iter(sys.modules["outcrop._log"]._loggers), 0)

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
    def test_a_forked_child_is_told(self):
        context = multiprocessing.get_context("fork")
        stream = self.host.stream(ask("sim:paced deltas=20 every=5"))
        next(stream)
        queue = context.Queue()
        child = context.Process(target=in_child, args=(self.host, stream, queue))
        child.start()
        told = queue.get(timeout=PATIENCE)
        child.join(PATIENCE)
        self.assertEqual({kind for kind, _ in told}, {"ForkedError"})
        self.assertEqual(len(told), 4)
        self.assertIn("make a host in the child", told[0][1])
        self.assertEqual(list(stream)[-1].kind, "done", "the parent's stream goes on")

    def test_a_child_makes_a_host_of_its_own(self):
        options = {**REGION, **KEYS, "endpoint": self.simulator.endpoint}
        for method in ("fork", "spawn"):
            context = multiprocessing.get_context(method)
            queue = context.Queue()
            child = context.Process(target=own_host_in_child, args=(options, queue))
            child.start()
            self.assertEqual(queue.get(timeout=PATIENCE), "From the child.", method)
            child.join(PATIENCE)
            self.assertEqual(child.exitcode, 0, method)

    def test_a_program_may_end_with_everything_open(self):
        program = textwrap.dedent(f"""
            import logging, threading, weakref
            # Finalizers run at exit in the place of the first one.
            weakref.finalize(threading.current_thread(), print, "ended")
            import outcrop
            logging.basicConfig(level=1)
            host = outcrop.Host(endpoint={self.simulator.endpoint!r}, **{REGION}, **{KEYS})
            stream = host.stream({ask("sim:paced deltas=100000 every=1")!r})
            next(stream)
            blocked = host.stream({ask("sim:silence")!r})
            threading.Thread(target=lambda: list(blocked), daemon=True).start()
            threading.Thread(target=lambda: list(stream), daemon=True).start()
            print("ends", flush=True)
        """)
        for _ in range(3):
            ended = subprocess.run(
                [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=False
            )
            self.assertEqual((ended.stdout, ended.returncode), ("ends\nended\n", 0), ended.stderr)


class Log(Test):
    def test_lines_go_to_the_logger(self):
        logger = logging.getLogger("outcrop")
        with self.assertLogs(logger, logging.DEBUG) as logs, self.new_host() as host:
            # A second attempt is told of.
            host.answer(ask("sim:throttling times=1 key=log"))
        self.assertTrue(logs.records)
        for record in logs.records:
            self.assertEqual(record.name.split(".")[0], "outcrop")
            self.assertNotIn("sim:throttling", record.getMessage(), "no prompt is logged")

    def test_the_level_of_the_logger_is_kept_to_and_none_is_silence(self):
        logger = logging.getLogger("outcrop.quiet")
        logger.setLevel(logging.CRITICAL)
        for log in (logger, None):
            with self.new_host(log=log) as host:
                self.assertEqual(host.answer(ask("sim:text Quiet.")).text, "Quiet.")

    def test_a_handler_that_calls_the_library_is_refused(self):
        told = []
        host = None

        class Handler(logging.Handler):
            def emit(self, record):
                try:
                    host.stream(ask("sim:text"))
                except outcrop.OutcropError as error:
                    told.append(type(error))

        logger = logging.getLogger("outcrop.reentered")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        host = self.new_host(log=logger)
        logger.addHandler(Handler())
        host.answer(ask("sim:throttling times=1 key=reentered"))
        host.close()
        self.assertEqual(set(told), {outcrop.ReenteredError})
