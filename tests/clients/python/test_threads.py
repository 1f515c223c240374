"""Streams taken by threads, and ended from other ones."""

import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import outcrop
from support import KEYS, PATIENCE, REGION, Test, ask, text


class Threads(Test):
    def blocked(self, host):
        """A stream whose next event never comes, and a thread that waits for it."""
        stream = host.stream(ask("sim:silence after=1"))
        self.assertEqual(next(event for event in stream if event.kind == "text_delta").index, 0)
        pool = ThreadPoolExecutor(1)
        self.addCleanup(pool.shutdown)
        return stream, pool.submit(next, stream)

    def test_cancelling_ends_a_blocked_next_and_closes_the_connection(self):
        relay = self.relay()
        with self.new_host(endpoint=relay.endpoint) as host:
            for round_ in range(1, 6):
                stream, waiting = self.blocked(host)
                started = time.monotonic()
                stream.cancel()
                with self.assertRaises(outcrop.StreamCancelledError) as raised:
                    waiting.result(PATIENCE)
                took = time.monotonic() - started
                self.assertTrue(raised.exception.delivered)
                relay.wait_until_closed(round_)
                self.assertEqual(list(stream), [])
        print(f"cancelled from another thread: {took * 1000:.1f} ms until next returned")

    def test_a_token_cancels_and_outlives_its_stream(self):
        stream, waiting = self.blocked(self.host)
        token = stream.token()
        token.cancel()
        with self.assertRaises(outcrop.StreamCancelledError):
            waiting.result(PATIENCE)
        del stream, waiting
        token.cancel()

    def test_closing_the_stream_or_its_host_ends_a_blocked_next(self):
        stream, waiting = self.blocked(self.host)
        stream.close()
        with self.assertRaises(outcrop.OutcropError):
            waiting.result(PATIENCE)
        host = self.new_host()
        stream, waiting = self.blocked(host)
        host.close()
        with self.assertRaises(outcrop.ShutDownError):
            waiting.result(PATIENCE)
        with self.assertRaises(outcrop.OutcropError):
            host.stream(ask("sim:text"))

    def test_a_stream_is_for_one_thread_at_a_time(self):
        stream, waiting = self.blocked(self.host)
        while not stream._taking.locked():
            time.sleep(0)
        with self.assertRaises(outcrop.BusyError):
            next(stream)
        stream.cancel()
        with self.assertRaises(outcrop.StreamCancelledError):
            waiting.result(PATIENCE)

    def test_many_threads_share_a_host(self):
        def stream(number):
            return text(self.host.stream(ask(f"sim:text stream {number}, " + "word " * 200)))

        with ThreadPoolExecutor(16) as pool:
            for number, told in enumerate(pool.map(stream, range(64))):
                self.assertEqual(told.split(",")[0], f"stream {number}")
                self.assertEqual(told.count("word"), 200)

    def test_threads_that_fight_over_a_stream_share_its_events(self):
        stream = self.host.stream(ask("sim:long deltas=3000 bytes=8"))
        taken = []

        def take():
            while not stream.ended:
                try:
                    event = stream.poll(0.01)
                except outcrop.BusyError:
                    continue
                if event is not None:
                    taken.append(event)

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(sum(event.kind == "text_delta" for event in taken), 3000)
        self.assertEqual(sum(event.kind == "done" for event in taken), 1)

    def test_poll_waits_as_long_as_it_is_told(self):
        stream = self.host.stream(ask("sim:silence after=1"))
        while stream.poll(None).kind != "text_delta":
            pass
        self.assertIsNone(stream.poll())
        self.assertIsNone(stream.poll(0.01))
        self.assertFalse(stream.ended)
        self.assertGreaterEqual(stream.fileno(), 0)

    def test_ctrl_c_ends_a_blocked_next(self):
        program = textwrap.dedent(f"""
            import outcrop, os, signal, sys
            # What a shell starts in the background ignores it.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            host = outcrop.Host(endpoint={self.simulator.endpoint!r}, **{REGION}, **{KEYS})
            stream = host.stream({ask("sim:silence after=1")!r})
            try:
                for event in stream:
                    if event.kind == "text_delta":
                        print("waiting", flush=True)
            except KeyboardInterrupt:
                # The stream can still be used: nothing was lost.
                assert stream.poll() is None and not stream.ended
                print("interrupted", flush=True)
                raise
        """)
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.assertEqual(process.stdout.readline(), "waiting\n")
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE)
        self.assertEqual(said, "interrupted\n")
        self.assertEqual(process.returncode, -signal.SIGINT)
        print(f"interrupted: {(time.monotonic() - started) * 1000:.0f} ms until the process had ended")
