"""Streams taken by asyncio."""

import asyncio
import gc
import statistics
import time
import unittest

import outcrop
from support import PATIENCE, Test, ask, text


async def first_delta(stream):
    async for event in stream:
        if event.kind == "text_delta":
            return event
    raise AssertionError("there is none")


class Asyncio(Test):
    # Streams of one host at once; the default is 64.
    options = {"limits": outcrop.Limits(streams=128)}

    def run_async(self, work, **options):
        return asyncio.run(asyncio.wait_for(work, PATIENCE), **options)

    def test_an_answer(self):
        async def work():
            events = [event async for event in self.host.stream(ask("sim:text An outcrop."))]
            self.assertEqual(text(events), "An outcrop.")
            self.assertEqual(events[-1].kind, "done")
            self.assertEqual((await self.host.answer_async(ask("sim:text Whole."))).text, "Whole.")
            self.assertTrue(any(model.id for model in await self.host.models_async(60)))
            with self.assertRaises(outcrop.UnauthenticatedError):
                await self.host.answer_async(ask("sim:expired-token"))

        self.run_async(work())

    def test_64_streams_at_once_each_in_order_and_whole(self):
        async def stream(number):
            whole = f"{number}: " + " ".join(str(word) for word in range(200))
            events = self.host.stream(ask(f"sim:text {whole}"))
            first = await events.__anext__()
            open_.append(events)
            while len(open_) < 64:
                await asyncio.sleep(0)
            rest = [event async for event in events]
            self.assertEqual(first.kind, "start")
            self.assertGreater(len(rest), 50)
            self.assertEqual(text(rest), whole)
            self.assertEqual(rest[-1].text, whole)

        open_ = []

        async def work():
            await asyncio.gather(*(stream(number) for number in range(64)))

        self.run_async(work())

    def test_the_loop_stays_free_while_64_streams_come(self):
        deltas, every = 50, 20
        late = []

        async def stream(number):
            events = [event async for event in self.host.stream(ask(f"sim:paced deltas={deltas} every={every}"))]
            self.assertEqual(sum(event.kind == "text_delta" for event in events), deltas)

        async def watch():
            while True:
                asked = time.perf_counter()
                await asyncio.sleep(0.002)
                late.append((time.perf_counter() - asked - 0.002) * 1000)

        async def work():
            watching = asyncio.create_task(watch())
            await asyncio.gather(*(stream(number) for number in range(64)))
            watching.cancel()

        self.run_async(work(), debug=False)
        print(
            f"event loop with 64 streams, a delta every {every} ms each: late by {statistics.median(late):.2f} ms "
            f"at the median, {statistics.quantiles(late, n=100)[98]:.2f} ms at p99"
        )

    def test_an_answer_that_comes_at_once_leaves_the_loop_to_others(self):
        async def work():
            turns = 0

            async def other():
                nonlocal turns
                while True:
                    turns += 1
                    await asyncio.sleep(0)

            other = asyncio.create_task(other())
            async for _ in self.host.stream(ask("sim:long deltas=2000 writes=coalesced")):
                pass
            other.cancel()
            self.assertGreater(turns, 20)

        self.run_async(work())

    def test_cancelling_the_task_closes_the_connection(self):
        relay = self.relay()

        async def work(host):
            started = asyncio.Event()

            async def consume():
                stream = host.stream(ask("sim:silence after=1"))
                await first_delta(stream)
                started.set()
                try:
                    await stream.__anext__()
                finally:
                    kept.append(stream)

            kept = []
            task = asyncio.create_task(consume())
            await started.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(relay.wait_until_closed, 1)
            with self.assertRaises(outcrop.ClosedError):
                await kept[0].__anext__()

        with self.new_host(endpoint=relay.endpoint) as host:
            self.run_async(work(host))

    def test_a_token_cancels_from_a_thread(self):
        async def work():
            stream = self.host.stream(ask("sim:silence after=1"))
            await first_delta(stream)
            waiting = asyncio.ensure_future(stream.__anext__())
            await asyncio.sleep(0)
            await asyncio.to_thread(stream.token().cancel)
            with self.assertRaises(outcrop.StreamCancelledError):
                await waiting

        self.run_async(work())

    def test_a_stream_is_for_one_task_at_a_time(self):
        async def work():
            stream = self.host.stream(ask("sim:silence after=1"))
            await first_delta(stream)
            waiting = asyncio.ensure_future(stream.__anext__())
            await asyncio.sleep(0)
            with self.assertRaises(outcrop.BusyError):
                await stream.__anext__()
            with self.assertRaises(outcrop.BusyError):
                await asyncio.to_thread(next, stream)
            stream.cancel()
            with self.assertRaises(outcrop.StreamCancelledError):
                await waiting

        self.run_async(work())

    def test_closing_a_stream_wakes_the_task_that_waits_for_it(self):
        async def work(close):
            stream = self.host.stream(ask("sim:silence after=1"))
            await first_delta(stream)
            waiting = asyncio.ensure_future(stream.__anext__())
            await asyncio.sleep(0)
            await close(stream)
            with self.assertRaises(outcrop.ClosedError):
                await waiting

        async def here(stream):
            stream.close()

        self.run_async(work(here))
        self.run_async(work(lambda stream: asyncio.to_thread(stream.close)))

    def test_leaving_a_stream_early_closes_its_connection(self):
        relay = self.relay()

        async def work(host):
            async with host.stream(ask("sim:paced deltas=100000")) as stream:
                await first_delta(stream)
            await asyncio.to_thread(relay.wait_until_closed, 1)
            # Without `async with` the stream ends with its last reference, also while a loop watches it.
            stream = host.stream(ask("sim:silence after=1"))
            await first_delta(stream)
            waiting = asyncio.ensure_future(stream.__anext__())
            await asyncio.sleep(0)
            waiting.cancel()
            del stream
            await asyncio.gather(waiting, return_exceptions=True)
            del waiting
            gc.collect()
            await asyncio.to_thread(relay.wait_until_closed, 2)

        with self.new_host(endpoint=relay.endpoint) as host:
            self.run_async(work(host))

    def test_a_stream_may_go_from_a_thread_to_one_loop_and_another(self):
        stream = self.host.stream(ask("sim:paced deltas=30 every=5"))
        taken = [next(stream) for _ in range(5)]

        async def some(count):
            return [await stream.__anext__() for _ in range(count)]

        taken += self.run_async(some(10))
        taken += self.run_async(some(10))
        taken += list(stream)
        self.assertEqual(sum(event.kind == "text_delta" for event in taken), 30)
        self.assertEqual(taken[-1].kind, "done")

    def test_a_stream_that_nobody_waits_for_does_not_turn_the_loop(self):
        async def work():
            loop = asyncio.get_running_loop()
            stream = self.host.stream(ask("sim:paced deltas=20 every=5"))
            await first_delta(stream)
            # All the rest arrives while nobody asks for it.
            turns, select = 0, loop._selector.select

            def counted(timeout):
                nonlocal turns
                turns += 1
                return select(timeout)

            loop._selector.select = counted
            await asyncio.to_thread(list, self.host.stream(ask("sim:paced deltas=40 every=5")))
            self.assertLess(turns, 10)
            self.assertEqual([event async for event in stream][-1].kind, "done")

        self.run_async(work())

    def test_a_host_that_is_closed_ends_its_streams(self):
        async def work():
            host = self.new_host()
            stream = host.stream(ask("sim:silence after=1"))
            await first_delta(stream)
            waiting = asyncio.ensure_future(stream.__anext__())
            await asyncio.sleep(0)
            await asyncio.to_thread(host.close)
            with self.assertRaises(outcrop.ShutDownError):
                await waiting

        self.run_async(work())


if __name__ == "__main__":
    unittest.main()
