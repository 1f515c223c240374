"""Drives the simulator with boto3: other people's signer, parser and model of the service.

Usage: boto3_check.py ENDPOINT ACCESS_KEY SECRET BEARER [CA_FILE]
"""

import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

endpoint, access_key, secret, bearer = sys.argv[1:5]
verify = sys.argv[5] if len(sys.argv) > 5 else None

for name in list(os.environ):
    if name.startswith("AWS_"):
        del os.environ[name]

WEATHER = {
    "tools": [
        {
            "toolSpec": {
                "name": name,
                "inputSchema": {
                    "json": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                    }
                },
            }
        }
        for name in ("get_weather", "get_tides")
    ]
}


def client(service, secret=secret, retries=0):
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        verify=verify,
        config=Config(retries={"total_max_attempts": retries + 1, "mode": "standard"}, read_timeout=20),
    )


def user(text):
    return [{"role": "user", "content": [{"text": text}]}]


def stream(text, model="sim.text-v1:0", **more):
    """The events of a stream, as (name, payload)."""
    answer = runtime.converse_stream(modelId=model, messages=user(text), **more)
    return [next(iter(event.items())) for event in answer["stream"]]


def texts(events):
    deltas = [payload["delta"] for name, payload in events if name == "contentBlockDelta"]
    return "".join(delta.get("text", "") for delta in deltas)


def refused(call):
    try:
        call()
    except ClientError as error:
        status = error.response["ResponseMetadata"].get("HTTPStatusCode")
        return error.response["Error"]["Code"], status
    raise AssertionError("it was not refused")


def test_models():
    models = control.list_foundation_models()["modelSummaries"]
    assert len(models) >= 12, len(models)
    assert any(m["inferenceTypesSupported"] == ["INFERENCE_PROFILE"] for m in models)
    embeddings = control.list_foundation_models(byOutputModality="EMBEDDING")["modelSummaries"]
    assert [m["outputModalities"] for m in embeddings] == [["EMBEDDING"]], embeddings


def test_profiles():
    pages = list(
        control.get_paginator("list_inference_profiles").paginate(
            typeEquals="SYSTEM_DEFINED", PaginationConfig={"PageSize": 4}
        )
    )
    profiles = [p for page in pages for p in page["inferenceProfileSummaries"]]
    assert len(pages) >= 3, len(pages)
    assert {p["type"] for p in profiles} == {"SYSTEM_DEFINED"}
    assert len({p["inferenceProfileArn"] for p in profiles}) == len(profiles)
    own = control.list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"]
    assert {p["type"] for p in own} == {"APPLICATION"}
    arn = own[0]["inferenceProfileArn"]
    one = control.get_inference_profile(inferenceProfileIdentifier=arn)
    assert one["models"] == own[0]["models"]
    answer = runtime.converse(modelId=arn, messages=user("hello"))
    assert answer["output"]["message"]["content"] == [{"text": "You said: hello"}]
    code = refused(lambda: control.get_inference_profile(inferenceProfileIdentifier="us.no.such"))
    assert code == ("ResourceNotFoundException", 404), code


def test_converse():
    answer = runtime.converse(modelId="amazon.nova-lite-v1:0", messages=user("good day"))
    assert answer["output"]["message"]["content"] == [{"text": "You said: good day"}], answer
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"]["totalTokens"] > 0
    answer = runtime.converse(modelId="sim.tools-v1:0", messages=user("weather"), toolConfig=WEATHER)
    call = answer["output"]["message"]["content"][0]["toolUse"]
    assert call["input"] == {"city": "sim", "days": 1}, call
    assert answer["stopReason"] == "tool_use"


def test_text():
    events = stream("a slightly longer prompt")
    names = [name for name, _ in events]
    assert names[0] == "messageStart" and names[-2:] == ["messageStop", "metadata"], names
    assert "contentBlockStart" not in names, names
    assert texts(events) == "You said: a slightly longer prompt"


def test_writes():
    whole = texts(stream("sim:text writes=coalesced all of it at once"))
    assert whole == "all of it at once", whole
    assert texts(stream("sim:text writes=byte bit by bit")) == "bit by bit"
    assert len(texts(stream("sim:long deltas=300 bytes=20"))) == 6000
    assert len(texts(stream("sim:paced deltas=10 bytes=7 every=5"))) == 70


def test_tools():
    events = stream("sim:tools", toolConfig=WEATHER)
    fragments = [p["delta"]["toolUse"]["input"] for n, p in events if n == "contentBlockDelta"]
    assert fragments[0] == "" and len(fragments) > 2, fragments
    assert "".join(fragments) == '{"city":"sim","days":1}', fragments
    events = stream("sim:tools-no-input", toolConfig=WEATHER)
    assert not [name for name, _ in events if name == "contentBlockDelta"], events
    events = stream("sim:parallel-tools", toolConfig=WEATHER)
    starts = [p["start"]["toolUse"]["name"] for n, p in events if n == "contentBlockStart"]
    assert starts == ["get_weather", "get_tides"], starts


def test_tool_result():
    call = {"toolUseId": "tooluse_1", "name": "get_weather", "input": {}}
    result = {"toolUseId": "tooluse_1", "content": [{"text": "sunny"}]}
    messages = user("weather") + [
        {"role": "assistant", "content": [{"toolUse": call}]},
        {"role": "user", "content": [{"toolResult": result}]},
    ]
    answer = runtime.converse(modelId="sim.tools-v1:0", messages=messages, toolConfig=WEATHER)
    assert "sunny" in answer["output"]["message"]["content"][0]["text"], answer
    code = refused(lambda: runtime.converse(modelId="sim.tools-v1:0", messages=messages))
    assert code == ("ValidationException", 400), code


def test_reasoning():
    events = stream("sim:reasoning")
    reasoning = [
        payload["delta"]["reasoningContent"]
        for name, payload in events
        if name == "contentBlockDelta" and "reasoningContent" in payload["delta"]
    ]
    assert "signature" in reasoning[-1] and "text" in reasoning[0], reasoning
    answer = runtime.converse(modelId="sim.redacted-reasoning-v1:0", messages=user("think"))
    first = answer["output"]["message"]["content"][0]
    assert first["reasoningContent"]["redactedContent"], first


def test_other_answers():
    for name in ("citations", "guardrail", "server-tool", "cached", "service-tier", "stop", "empty"):
        events = stream("sim:" + name)
        assert events[-1][0] == "metadata", (name, events)
    trace = stream("sim:guardrail")[-1][1]["trace"]["guardrail"]
    assert trace["outputAssessments"], trace
    stop = dict(stream("sim:stop reason=because"))["messageStop"]
    assert stop["stopReason"] == "because", stop


def test_exceptions():
    answer = runtime.converse_stream(
        modelId="sim.exception-throttling-v1:0", messages=user("sim:exception-throttling after=3")
    )
    seen = []
    try:
        for event in answer["stream"]:
            seen.append(next(iter(event)))
        raise AssertionError("no exception came")
    except EventStreamError as error:
        assert "throttlingException" in str(error), error
    assert seen == ["messageStart"] + ["contentBlockDelta"] * 3, seen
    try:
        stream("sim:exception-validation after=0")
        raise AssertionError("no exception came")
    except EventStreamError as error:
        assert "validationException" in str(error), error


def test_http_errors():
    expected = {
        "access-denied": ("AccessDeniedException", 403),
        "validation": ("ValidationException", 400),
        "throttling": ("ThrottlingException", 429),
        "model-not-ready": ("ModelNotReadyException", 429),
        "service-unavailable": ("ServiceUnavailableException", 503),
        "internal-server": ("InternalServerException", 500),
        "model-timeout": ("ModelTimeoutException", 408),
        "model-error": ("ModelErrorException", 424),
        "resource-not-found": ("ResourceNotFoundException", 404),
        "expired-token": ("ExpiredTokenException", 403),
    }
    for name, error in expected.items():
        got = refused(lambda: stream("hi", model=f"sim.{name}-v1:0"))
        assert got == error, (name, got)
    code = refused(lambda: stream("hi", model="does-not-exist"))
    assert code == ("ValidationException", 400), code
    code = refused(lambda: stream("hi", model="anthropic.claude-haiku-4-5-20251001-v1:0"))
    assert code == ("ValidationException", 400), code


def test_retry():
    retrying = client("bedrock-runtime", retries=3)
    messages = user("sim:service-unavailable times=2 key=boto3")
    answer = retrying.converse(modelId="sim.text-v1:0", messages=messages)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2, answer["ResponseMetadata"]


def test_count_tokens():
    converse = {"messages": user("how many tokens are these?")}
    model = "anthropic.claude-haiku-4-5-20251001-v1:0"
    assert runtime.count_tokens(modelId=model, input={"converse": converse})["inputTokens"] > 0
    nova = "amazon.nova-lite-v1:0"
    code = refused(lambda: runtime.count_tokens(modelId=nova, input={"converse": converse}))
    assert code == ("ValidationException", 400), code


def test_who_asks():
    wrong = client("bedrock-runtime", secret="not-the-secret")
    code = refused(lambda: wrong.converse(modelId="sim.text-v1:0", messages=user("hi")))
    assert code == ("InvalidSignatureException", 403), code
    code = refused(lambda: client("bedrock", secret="not-the-secret").list_foundation_models())
    assert code == ("InvalidSignatureException", 403), code
    unknown = boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="AKIDNOBODY0000000000",
        aws_secret_access_key=secret,
        verify=verify,
    )
    code = refused(lambda: unknown.converse(modelId="sim.text-v1:0", messages=user("hi")))
    assert code == ("UnrecognizedClientException", 403), code


def test_bearer():
    try:
        os.environ["AWS_BEARER_TOKEN_BEDROCK"] = bearer
        answer = client("bedrock-runtime").converse(modelId="sim.text-v1:0", messages=user("hi"))
        assert answer["stopReason"] == "end_turn"
        os.environ["AWS_BEARER_TOKEN_BEDROCK"] = "not-the-token"
        stranger = client("bedrock-runtime")
        code = refused(lambda: stranger.converse(modelId="sim.text-v1:0", messages=user("hi")))
        assert code == ("AccessDeniedException", 403), code
    finally:
        del os.environ["AWS_BEARER_TOKEN_BEDROCK"]


control, runtime = client("bedrock"), client("bedrock-runtime")
for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
        print(f"{name} ok")
