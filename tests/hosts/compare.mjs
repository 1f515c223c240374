// What the runs of a host with Outcrop and with its own Bedrock provider are held against each other by.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';

/** Runs a program to its end. What it wrote, shown as it is asked for. */
export async function run(program, args, { env, cwd, shown = args }) {
  console.log(`\n$ ${shown.map((word) => (/[\s"]/.test(word) ? `'${word}'` : word)).join(' ')}`);
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 600_000 });
  const read = async (stream) => {
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += chunk;
    return text;
  };
  const [stdout, stderr, code] = await Promise.all([
    read(child.stdout),
    read(child.stderr),
    new Promise((resolve) => child.once('close', resolve)),
  ]);
  return { stdout, stderr, code };
}

/**
 * What a Converse request means to a model. Left aside is what hosts may do as they like: cache points, the order of
 * tools, and schemas that were made strict; of a tool remain its name, its words and its arguments.
 */
export function meaning({ path, body }) {
  const withoutCachePoints = (blocks) => blocks.filter((block) => block.cachePoint === undefined);
  return {
    model: path,
    system: withoutCachePoints(body.system ?? []).map(({ text }) => text).join('\n'),
    messages: body.messages.map(({ role, content }) => ({ role, content: withoutCachePoints(content) })),
    tools: (body.toolConfig?.tools ?? [])
      .filter(({ toolSpec }) => toolSpec)
      .map(({ toolSpec: { name, description, inputSchema } }) => ({
        name,
        description,
        arguments: Object.keys(inputSchema.json.properties ?? {}).sort(),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    maxTokens: body.inferenceConfig?.maxTokens,
    thinking: body.additionalModelRequestFields?.thinking?.type ?? null,
  };
}

/** Of a recorder: the requests for answers that were not refused, as they are meant. */
export const meanings = (requests) =>
  requests.filter(({ path, status }) => path.endsWith('/converse-stream') && status === 200).map(meaning);

/** Where two values differ, and what stands there. */
function differences(own, outcrop, at = '') {
  if (own && outcrop && typeof own === 'object' && typeof outcrop === 'object') {
    const keys = new Set([...Object.keys(own), ...Object.keys(outcrop)]);
    return [...keys].flatMap((key) => differences(own[key], outcrop[key], `${at}/${key}`));
  }
  const shown = (value) => (JSON.stringify(value) ?? 'nothing').slice(0, 300);
  return own === outcrop ? [] : [`${at}\n    its own: ${shown(own)}\n    Outcrop: ${shown(outcrop)}`];
}

/** Holds the one against the other, and says so. */
export function alike(what, own, outcrop) {
  const found = differences(own, outcrop);
  assert(found.length === 0, `${what}: not alike\n${found.join('\n')}`);
  console.log(`  alike: ${what}`);
}

/** A message of a conversation, on a line or two. */
export function show({ role, content, errorMessage, toolName }) {
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
  for (const block of blocks) {
    const said = {
      text: () => block.text,
      thinking: () => `(thinks) ${block.thinking}`,
      toolCall: () => `(calls) ${block.name} ${JSON.stringify(block.arguments)}`,
    }[block.type];
    console.log(`  ${toolName ? `${role} of ${toolName}` : role}: ${said ? said().trimEnd() : block.type}`);
  }
  if (errorMessage) console.log(`  ${role} failed: ${errorMessage}`);
}
