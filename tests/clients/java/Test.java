import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import outcrop.Event;
import outcrop.Host;
import outcrop.OutcropException;
import outcrop.Stream;

/** What Java sees of the library: {@code java Test ENDPOINT} prints ok. */
public final class Test {
    private static void check(boolean condition, Object told) {
        if (!condition) {
            throw new AssertionError(told);
        }
    }

    private static String request(String prompt) {
        return "{\"model\":\"amazon-bedrock/sim.text-v1:0\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
                .formatted(prompt);
    }

    private static String read(Host host, String prompt) throws OutcropException {
        StringBuilder text = new StringBuilder();
        try (Stream stream = host.stream(request(prompt))) {
            Event last = null;
            for (Event event = stream.next(); event != null; event = stream.next()) {
                check(event.json().startsWith("{"), event);
                text.append(event.delta());
                last = event;
            }
            check(last != null && last.kind() == Event.DONE, last);
            check(stream.next() == null, "more after the end");
        }
        return text.toString();
    }

    private interface Call {
        void run() throws OutcropException;
    }

    private static OutcropException failure(Call call) {
        try {
            call.run();
        } catch (OutcropException failure) {
            return failure;
        }
        throw new AssertionError("no error");
    }

    public static void main(String[] arguments) throws Exception {
        Host host = new Host(Map.of("endpoint", arguments[0], "attempts", 1));
        check(host.models().get(0).startsWith("amazon-bedrock/"), host.models());

        // Many at once, each whole; text beyond the 16 bits of a char too.
        ExecutorService threads = Executors.newFixedThreadPool(16);
        List<Future<?>> answers = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            String expected = ("answer " + i + ", and ünïcödé \uD83E\uDEA8. ").repeat(20) + ".";
            answers.add(
                    threads.submit(
                            () -> {
                                String answer = read(host, "sim:text " + expected);
                                check(answer.equals(expected), answer);
                                return null;
                            }));
        }
        for (Future<?> answer : answers) {
            answer.get();
        }
        threads.shutdown();

        OutcropException throttled = failure(() -> read(host, "sim:throttling amz-retry-after=1500"));
        check(throttled.status == 107 && throttled.httpStatus == 429, throttled);
        check(throttled.providerCode.equals("ThrottlingException"), throttled.providerCode);
        check(throttled.retryAfterMillis == 1500 && throttled.retryable && !throttled.delivered, throttled);
        OutcropException wrong = failure(() -> new Host(Map.of("colour", "red")));
        check(wrong.status == 10 && wrong.getMessage().contains("colour"), wrong);
        check(failure(() -> host.stream("{")).status == 101, "a request that is none");

        // Cancelled by another thread while this one waits.
        Stream silent = host.stream(request("sim:silence after=1"));
        CountDownLatch begun = new CountDownLatch(1);
        Thread other =
                new Thread(
                        () -> {
                            try {
                                begun.await();
                            } catch (InterruptedException interrupted) {
                                return;
                            }
                            silent.cancel();
                        });
        other.start();
        OutcropException cancelled =
                failure(
                        () -> {
                            while (silent.next() != null) {
                                begun.countDown();
                            }
                        });
        check(cancelled.status == 112, cancelled);
        other.join();
        silent.close();
        silent.close();
        check(failure(silent::next).status == 11, "a closed stream");

        Stream left = host.stream(request("sim:silence after=1"));
        host.close();
        host.close();
        OutcropException ended = failure(left::next);
        check(ended.status == 14, ended.status + ": " + ended.getMessage());
        left.close();
        System.out.println("ok");
    }
}
