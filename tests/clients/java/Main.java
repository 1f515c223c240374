import outcrop.Event;
import outcrop.Host;
import outcrop.OutcropException;
import outcrop.Stream;

/** Asks a model of Amazon Bedrock and prints the answer as it comes: {@code java Main MODEL PROMPT}. */
public final class Main {
    public static void main(String[] arguments) {
        String model = arguments.length > 0 ? arguments[0] : "amazon-bedrock/us.amazon.nova-2-lite-v1:0";
        String prompt = arguments.length > 1 ? arguments[1] : "Say hello.";
        // The request is JSON; a real program has a library to write it.
        String request =
                """
                {"model": "%s", "messages": [{"role": "user", "content": "%s"}]}
                """
                        .formatted(model, prompt);
        try (Host host = new Host();
                Stream answer = host.stream(request)) {
            for (Event event = answer.next(); event != null; event = answer.next()) {
                if (event.kind() == Event.TEXT_DELTA) {
                    System.out.print(event.delta());
                    System.out.flush();
                }
            }
            System.out.println();
        } catch (OutcropException failure) {
            System.err.println(failure.getMessage() + "; " + failure.remedy);
            System.exit(1);
        }
    }
}
