// Asks a model of Amazon Bedrock and prints the answer as it comes.
//
//	go run . amazon-bedrock/us.amazon.nova-2-lite-v1:0 "What is an outcrop?"
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"example.org/outcrop/outcrop"
)

func main() {
	model, prompt := "amazon-bedrock/us.amazon.nova-2-lite-v1:0", "Say hello."
	if len(os.Args) > 1 {
		model = os.Args[1]
	}
	if len(os.Args) > 2 {
		prompt = os.Args[2]
	}
	// Ctrl-C ends the answer.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := ask(ctx, model, prompt); err != nil {
		fmt.Fprintln(os.Stderr, err)
		var failure *outcrop.Error
		if errors.As(err, &failure) && failure.Remedy != "" {
			fmt.Fprintln(os.Stderr, failure.Remedy)
		}
		os.Exit(1)
	}
}

func ask(ctx context.Context, model, prompt string) error {
	host, err := outcrop.New()
	if err != nil {
		return err
	}
	defer host.Close()

	answer, err := host.Stream(ctx, map[string]any{
		"model":    model,
		"messages": []map[string]any{{"role": "user", "content": prompt}},
	})
	if err != nil {
		return err
	}
	defer answer.Close()
	for {
		event, err := answer.Next()
		if err == io.EOF {
			fmt.Println()
			return nil
		}
		if err != nil {
			return err
		}
		if event.Kind == outcrop.TextDelta {
			fmt.Print(event.Delta)
		}
	}
}
