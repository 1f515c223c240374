"""What goes wrong, as exceptions."""

import pickle
import re
import socket

import outcrop
from outcrop import errors
from support import MODEL, ROOT, Test, ask

CLASSES = {
    "sim:validation": outcrop.InvalidRequestError,
    "sim:expired-token": outcrop.UnauthenticatedError,
    "sim:access-denied": outcrop.PermissionDeniedError,
    "sim:resource-not-found": outcrop.ModelNotFoundError,
    "sim:model-not-ready": outcrop.ModelNotReadyError,
    "sim:context-overflow": outcrop.ContextTooLongError,
    "sim:throttling": outcrop.RateLimitedError,
    "sim:service-quota": outcrop.QuotaExceededError,
    "sim:service-unavailable": outcrop.OverloadedError,
    "sim:model-timeout": outcrop.TimedOutError,
    "sim:internal-server": outcrop.InternalError,
    "sim:early-end": outcrop.TruncatedError,
}


class Errors(Test):
    options = {"attempts": 1}

    def test_each_class_of_failure_is_a_class_of_exceptions(self):
        for prompt, kind in CLASSES.items():
            with self.subTest(prompt):
                with self.assertRaises(kind) as raised:
                    list(self.host.stream(ask(prompt)))
                self.assertTrue(raised.exception.error_class)
                self.assertEqual(raised.exception.error_class, kind.error_class)

    def test_all_that_is_known_of_a_failure_is_told(self):
        with self.assertRaises(outcrop.RateLimitedError) as raised:
            list(self.host.stream(ask("sim:throttling retry-after=7")))
        error = raised.exception
        self.assertEqual((error.provider_code, error.http_status), ("ThrottlingException", 429))
        self.assertEqual((error.retry_after, error.delivered, error.retryable), (7.0, False, True))
        self.assertRegex(error.request_id, "^[0-9a-f-]{36}$")
        self.assertTrue(error.remedy)
        self.assertEqual(str(error), f"{error.message} ({error.remedy})")

    def test_a_failure_after_some_of_the_answer_comes_after_it(self):
        stream = self.host.stream(ask("sim:exception-throttling after=2"))
        taken = []
        with self.assertRaises(outcrop.RateLimitedError) as raised:
            for event in stream:
                taken.append(event)
        self.assertEqual([event.kind for event in taken[-2:]], ["text_delta", "text_delta"])
        self.assertEqual((raised.exception.delivered, raised.exception.retryable), (True, False))
        self.assertEqual(list(stream), [], "nothing follows")
        self.assertTrue(stream.ended)

    def test_a_time_limit(self):
        with self.assertRaises(outcrop.TimedOutError):
            list(self.host.stream(ask("sim:silence after=1", silence_timeout=0.05)))

    def test_a_service_that_is_not_there(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with self.new_host(endpoint=f"http://127.0.0.1:{port}") as host:
            with self.assertRaises(outcrop.NetworkError):
                list(host.stream(ask("sim:text")))

    def test_what_is_no_request_is_told_before_it_is_sent(self):
        wrong = [
            ("not JSON", "line 1 column"),
            (b"\xff\xfe", "UTF-8|line 1|unicode"),
            ("{}", "model"),
            ({"model": MODEL, "messages": [{"role": "user", "content": [{"type": "imag"}]}]}, "/messages/0/content/0"),
        ]
        for request, said in wrong:
            with self.subTest(request=request):
                with self.assertRaises(outcrop.InvalidRequestError) as raised:
                    self.host.stream(request)
                self.assertRegex(str(raised.exception), said)
        with self.assertRaises(outcrop.InvalidRequestError) as raised:
            self.host.answer(outcrop.request("gpt-4", "Hello"))
        self.assertIn("amazon-bedrock/", raised.exception.remedy)

    def test_an_option_that_is_none(self):
        with self.assertRaises(outcrop.InvalidArgumentError) as raised:
            self.new_host(options={"colour": "red"})
        self.assertIn("colour", str(raised.exception))
        with self.assertRaises(outcrop.InvalidArgumentError):
            self.new_host(config="{ not a configuration")
        with self.assertRaises(outcrop.OutcropError):
            self.new_host(plugin_file="/no/such/plugin.wasm")
        with self.assertRaises(TypeError):
            self.new_host(colour="red")

    def test_they_cross_between_processes(self):
        with self.assertRaises(outcrop.RateLimitedError) as raised:
            self.host.answer(ask("sim:throttling"))
        error, copy = raised.exception, pickle.loads(pickle.dumps(raised.exception))
        self.assertIs(type(copy), outcrop.RateLimitedError)
        self.assertEqual(copy.__dict__, error.__dict__)
        self.assertEqual(str(copy), str(error))

    def test_every_status_of_the_header_has_its_class(self):
        header = (ROOT / "host-shim/capi/include/outcrop.h").read_text()
        statuses = {
            int(number): name for name, number in re.findall(r"OUTCROP_(\w+) = (\d+),", header.split("event_kind {")[0])
        }
        for number, name in statuses.items():
            if number < 10:
                continue
            self.assertIn(number, errors.BY_STATUS, name)
            kind = errors.BY_STATUS[number]
            self.assertIn(kind.__name__, outcrop.__all__)
            if kind.error_class:
                self.assertEqual(kind.error_class, name.lower().replace("_", "-"))

    def test_a_class_that_a_later_library_may_have(self):
        told = {"class": "moonstruck", "message": "Full moon.", "delivered": False, "retryable": False}
        error = errors.from_json(199, told)
        self.assertIs(type(error), outcrop.OutcropError)
        self.assertEqual((error.error_class, str(error)), ("moonstruck", "Full moon."))
