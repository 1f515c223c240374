// Asks a model of Amazon Bedrock and prints the answer as it comes.
//
//     c++ -std=c++17 stream.cpp -loutcrop -o stream && ./stream amazon-bedrock/us.amazon.nova-2-lite-v1:0
#include <outcrop.hpp>

#include <iostream>
#include <string>

int main(int argc, char **argv) {
    const std::string model = argc > 1 ? argv[1] : "amazon-bedrock/us.amazon.nova-2-lite-v1:0";
    const std::string prompt = argc > 2 ? argv[2] : "Say hello.";
    try {
        outcrop::Host host;
        // The request is JSON; a real program has a library to write it.
        outcrop::Stream answer = host.stream(
            R"({"model":")" + model + R"(","messages":[{"role":"user","content":")" + prompt + R"("}]})");
        for (const outcrop::Event &event : answer)
            if (event.kind() == OUTCROP_EVENT_TEXT_DELTA) std::cout << event.delta() << std::flush;
        std::cout << '\n';
        return 0;
    } catch (const outcrop::Error &error) {
        std::cerr << error.what();
        if (!error.remedy().empty()) std::cerr << "; " << error.remedy();
        std::cerr << '\n';
        return 1;
    }
}
