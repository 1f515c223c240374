"""What comes back from a host."""

import outcrop
from support import MODEL, Test, ask, text

WEATHER = outcrop.tool(
    "temperature",
    "The temperature in a city, now.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


class Answers(Test):
    def test_text_comes_in_order_and_ends_with_the_whole(self):
        events = list(self.host.stream(ask("sim:text An outcrop is where the bedrock shows. 雨 🪨")))
        kinds = [event.kind for event in events]
        self.assertEqual(kinds[:2], ["start", "text_start"])
        self.assertEqual(kinds[-3:], ["text_end", "usage", "done"])
        self.assertEqual(set(kinds[2:-3]), {"text_delta"})
        self.assertEqual(events[0].model, MODEL)
        self.assertRegex(events[0].request_id, "^[0-9a-f-]{36}$")
        whole = "An outcrop is where the bedrock shows. 雨 🪨"
        self.assertEqual(text(events), whole)
        self.assertEqual(events[-3], outcrop.TextEnd(0, whole))
        done = events[-1]
        self.assertEqual((done.reason, done.text, done.tool_calls), ("stop", whole, []))
        self.assertEqual(done.usage, events[-2].usage)
        self.assertGreater(done.usage["output"], 0)

    def test_a_tool_is_called_and_its_result_goes_back(self):
        request = ask('sim:tools say="Let me look." input={"city":"Oslo"}', tools=[WEATHER])
        events = list(self.host.stream(request))
        (start,) = (event for event in events if isinstance(event, outcrop.ToolCallStart))
        (end,) = (event for event in events if isinstance(event, outcrop.ToolCallEnd))
        deltas = [event for event in events if isinstance(event, outcrop.ToolCallDelta)]
        self.assertEqual((start.index, start.name), (end.index, "temperature"))
        self.assertEqual(end.call, outcrop.ToolCall(start.id, "temperature", {"city": "Oslo"}))
        self.assertEqual("".join(delta.delta for delta in deltas), '{"city":"Oslo"}')
        self.assertEqual({delta.index for delta in deltas}, {end.index})
        done = events[-1]
        self.assertEqual((done.reason, done.tool_calls), ("toolUse", [end.call]))

        messages = [*request["messages"], done.message]
        messages += [outcrop.tool_result(end.call, {"celsius": -4.5}), outcrop.user("sim:tool-result")]
        answer = self.host.answer(outcrop.request(MODEL, messages, tools=[WEATHER]))
        self.assertIn("-4.5", answer.text)

    def test_reasoning_is_told_apart_from_text(self):
        model = "amazon-bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"
        events = list(self.host.stream(outcrop.request(model, "sim:reasoning", effort="low", max_tokens=4000)))
        thought = "".join(event.delta for event in events if isinstance(event, outcrop.ThinkingDelta))
        (end,) = (event for event in events if isinstance(event, outcrop.ThinkingEnd))
        self.assertTrue(thought)
        self.assertEqual(end.content, thought)
        self.assertEqual(events[-1].message["content"][0]["thinking"], thought)
        self.assertTrue(events[-1].message["content"][0]["thinkingSignature"])
        self.assertEqual(events[-1].text, text(events))

    def test_blocks_of_other_kinds_and_rewritten_requests_are_events_too(self):
        events = list(self.host.stream(ask("sim:citations")))
        citation = next(event for event in events if isinstance(event, outcrop.BlockDelta))
        self.assertEqual(citation.block_kind, "citation")
        self.assertIsInstance(citation.value, dict)

        messages = [{"role": "user", "content": [{"type": "text", "text": ""}, {"type": "text", "text": "sim:text"}]}]
        events = list(self.host.stream(outcrop.request(MODEL, messages)))
        rewritten = next(event for event in events if isinstance(event, outcrop.Rewritten))
        self.assertTrue(rewritten.rule)
        self.assertEqual(rewritten.at, "/messages/0/content/0")

    def test_media_are_sent(self):
        png = bytes.fromhex("89504e470d0a1a0a0000000d494844520000000100000001080600000037")
        message = outcrop.user(outcrop.image(png), outcrop.document(b"%PDF-1.7", name="report.pdf"), "sim:text Seen.")
        self.assertEqual(self.host.answer(outcrop.request(MODEL, [message])).text, "Seen.")

    def test_a_request_may_be_json_text(self):
        request = '{"model":"%s","messages":[{"role":"user","content":"sim:text Hello."}]}' % MODEL
        self.assertEqual(self.host.answer(request).text, "Hello.")
        self.assertEqual(self.host.answer(request.encode()).text, "Hello.")

    def test_every_argument_of_a_request_is_one_that_the_library_knows(self):
        request = ask(
            "sim:text Taken.",
            system="Be brief.",
            tools=[WEATHER],
            tool_choice="auto",
            effort="off",
            max_tokens=100,
            temperature=0.5,
            top_p=0.9,
            stop_sequences=["END"],
            conversation_id="station-7",
            extensions={"cache-retention": "none"},
            first_content_timeout=30,
            silence_timeout=30,
            total_timeout=60,
        )
        self.assertEqual(self.host.answer(request).text, "Taken.")

    def test_models_are_listed(self):
        models = self.host.models(timeout=60)
        self.assertEqual(models.problems, ())
        model = next(model for model in models if model.id == MODEL)
        self.assertEqual(model.vendor, "Amazon")
        self.assertIn("image", model.input)
        self.assertIn("tools", model.abilities)
        self.assertGreater(model.context_window, model.max_output_tokens)
        self.assertTrue(model.limits_known)
        self.assertGreater(model.pricing.output, model.pricing.input)

    def test_what_keeps_models_from_the_list_is_told(self):
        with self.new_host(access_key_id="AKIDNOBODY0000000000") as host:
            with self.assertRaises(outcrop.UnauthenticatedError):
                print(host.models(), host.models().problems)

    def test_options_reach_the_library(self):
        limits = outcrop.Limits(streams=1, call_time=5.0, memory_bytes=32 << 20)
        config = '{ models: { providers: { "amazon-bedrock": {} } } }'
        with self.new_host(
            config=config,
            limits=limits,
            attempts=1,
            worker_threads=1,
            connect_timeout=5,
            options={"limit_handles": 512},
        ) as host:
            first = host.stream(ask("sim:silence"))
            next(first)
            with self.assertRaises(outcrop.OverloadedError):
                host.answer(ask("sim:text"))
            first.close()
            self.assertEqual(host.answer(ask("sim:text One.")).text, "One.")
