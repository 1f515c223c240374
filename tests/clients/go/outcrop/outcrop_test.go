package outcrop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t *testing.T) *Host {
	t.Helper()
	endpoint := os.Getenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
	if endpoint == "" {
		t.Skip("no simulator")
	}
	host, err := New(Text("endpoint", endpoint), Number("attempts", 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.Close)
	return host
}

func ask(prompt string) any {
	message := map[string]any{"role": "user", "content": prompt}
	return map[string]any{"model": "amazon-bedrock/sim.text-v1:0", "messages": []any{message}}
}

func read(host *Host, ctx context.Context, prompt string) (string, error) {
	stream, err := host.Stream(ctx, ask(prompt))
	if err != nil {
		return "", err
	}
	defer stream.Close()
	var answer strings.Builder
	for {
		event, err := stream.Next()
		if err == io.EOF {
			return answer.String(), nil
		}
		if err != nil {
			return answer.String(), err
		}
		if event.Kind == TextDelta {
			answer.WriteString(event.Delta)
		}
	}
}

func TestManyAnswersAtOnceAreWhole(t *testing.T) {
	host := open(t)
	var all sync.WaitGroup
	for i := 0; i < 32; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			expected := strings.Repeat(fmt.Sprintf("answer %d, and ünïcödé 🪨. ", i), 20) + "."
			answer, err := read(host, context.Background(), "sim:text "+expected)
			if err != nil || answer != expected {
				t.Errorf("%d: %q, %v", i, answer, err)
			}
		}(i)
	}
	all.Wait()
}

func TestModelsAreListed(t *testing.T) {
	models, err := open(t).Models()
	if err != nil || len(models) == 0 || !strings.HasPrefix(models[0], "amazon-bedrock/") {
		t.Fatal(models, err)
	}
}

func TestErrorsSayAll(t *testing.T) {
	host := open(t)
	var failure *Error
	_, err := read(host, context.Background(), "sim:throttling amz-retry-after=1500")
	if !errors.As(err, &failure) || failure.Status != RateLimited || !failure.Retryable || failure.Delivered ||
		failure.HTTPStatus != 429 || failure.ProviderCode != "ThrottlingException" ||
		failure.RetryAfter != 1500*time.Millisecond {
		t.Fatalf("%#v", err)
	}
	_, err = host.Stream(context.Background(), "no request")
	if !errors.As(err, &failure) || failure.Status != InvalidRequest {
		t.Fatalf("%#v", err)
	}
	_, err = New(Text("colour", "red"))
	if !errors.As(err, &failure) || failure.Status != InvalidArgument || failure.Message == "" {
		t.Fatalf("%#v", err)
	}
}

func TestTheEndOfAContextEndsItsStream(t *testing.T) {
	host := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := host.Stream(ctx, ask("sim:silence after=1"))
	if err != nil {
		t.Fatal(err)
	}
	for {
		event, err := stream.Next()
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			break
		}
		if event.Kind == TextDelta {
			cancel()
		}
	}
	stream.Close()
	stream.Close()
}

func TestTheEndOfAHostEndsItsStreams(t *testing.T) {
	host := open(t)
	stream, err := host.Stream(context.Background(), ask("sim:silence after=1"))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	go host.Close()
	for err == nil {
		_, err = stream.Next()
	}
	var failure *Error
	if !errors.As(err, &failure) || failure.Status != ShutDown {
		t.Fatal(err)
	}
}
