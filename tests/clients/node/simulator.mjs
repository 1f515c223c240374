// The Bedrock simulator, and a recorder before it: what was asked, and whether the asker stayed to the end.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createInterface } from 'node:readline';

/** Starts the simulator. Its `url`, the environment that points a client there, and `stop`. */
export async function simulator(...options) {
  const program = spawn(process.env.BEDROCK_SIM, ['--print-env', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  // A test that dies must not leave it behind, nor wait for it.
  const stop = () => program.kill();
  process.once('exit', stop);
  const env = {};
  for await (const line of createInterface({ input: program.stdout })) {
    const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? [];
    if (name) env[name] = value;
    if (line.startsWith('listening on ')) break;
  }
  program.unref();
  program.stdout.destroy();
  const url = env.AWS_ENDPOINT_URL_BEDROCK_RUNTIME;
  if (!url) throw new Error('the simulator did not start');
  return { url, env, stop };
}

/**
 * A proxy before `target`. `requests` has each request with its `path`, its `body` as JSON where it is any, the
 * `status` of its answer once that has come, and `end`, a promise of `whole` or `gone`, by whether the asker stayed until the answer was through.
 */
export async function recorder(target) {
  const requests = [];
  let tell = () => {};
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const end = new Promise((resolve) => {
      response.on('close', () => resolve(response.writableFinished ? 'whole' : 'gone'));
    });
    const record = { path: decodeURIComponent(request.url), body: json(bytes), end };
    requests.push(record);
    tell();
    const onward = http.request(target + request.url, { method: request.method, headers: request.headers });
    response.on('close', () => onward.destroy());
    onward.on('error', () => response.destroy());
    onward.on('response', (answer) => {
      record.status = answer.statusCode;
      response.writeHead(answer.statusCode, answer.headers);
      response.flushHeaders();
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    onward.end(bytes);
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    /** The first request from index `from` on that `wanted` takes, now or later. */
    async seen(wanted, from = 0) {
      for (;;) {
        const found = requests.slice(from).find(wanted);
        if (found) return found;
        await new Promise((resolve) => (tell = resolve));
      }
    },
    stop: () => server.close(),
  };
}

function json(bytes) {
  try {
    return JSON.parse(bytes);
  } catch {
    return null;
  }
}
