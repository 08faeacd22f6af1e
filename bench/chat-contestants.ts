import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Starter } from './arena.ts';
import { apiKey, type Place, startArgs, startEnv } from './contestants.ts';
import { chatAnswer, chatQuestion, wireRequest } from './payload.ts';

const path = '/v1/chat/completions';

/** The product as a user runs it, in front of Bedrock in three regions: each chat is put into Converse, signed, and back. */
const gateway: Starter = {
  name: 'gateway',
  expected: chatAnswer,
  env: startEnv,
  request: () => wireRequest(path, { 'x-api-key': apiKey }, chatQuestion),
  args(place) {
    const config = join(place.dir, 'chat.yaml');
    writeFileSync(config, JSON.stringify(configOf(place))); // JSON is YAML
    return [...startArgs, '--config', config];
  },
};

function configOf({ port, upstreamPort, dir }: Place): object {
  const regions = ['us-east-1', 'us-west-2', 'eu-west-1'];
  const price = { inputUsdPerMillion: 0.3, outputUsdPerMillion: 1.2 };
  const targets = regions.map(region => {
    return { kind: 'bedrock', region, modelId: 'demo.assistant-v1:0', maxConcurrency: 400, price };
  });
  const endpoints = { bedrockRuntime: `http://127.0.0.1:${upstreamPort}` };
  const sha256 = createHash('sha256').update(apiKey).digest('hex');
  return {
    listen: { data: `127.0.0.1:${port}`, admin: '127.0.0.1:0' },
    stateDir: join(dir, 'chat'),
    auth: { keys: [{ id: 'bench', sha256, tenant: 'bench' }] },
    credentials: { accessKeyId: 'AKIDBENCH', secretAccessKey: 'bench-secret' },
    regions: Object.fromEntries(regions.map(region => [region, { endpoints }])),
    limits: { drainMs: 0 },
    log: { file: join(dir, 'chat.log'), sampleRate: 1 },
    models: { assistant: { versions: { v1: { targets } } } },
  };
}

/** Portkey in front of a server that speaks OpenAI's protocol itself: nothing to translate, nothing to sign. */
const portkey = portkeyFor('portkey', ({ upstreamPort }) => ({
  authorization: 'Bearer bench',
  'x-portkey-provider': 'openai',
  'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
}));

/** Portkey doing what the gateway does: Converse there, OpenAI's protocol here, and a signature. */
const portkeyBedrock = portkeyFor('portkey-bedrock', ({ upstreamPort }) => ({
  'x-portkey-provider': 'bedrock',
  'x-portkey-aws-access-key-id': 'AKIDBENCH',
  'x-portkey-aws-secret-access-key': 'bench-secret',
  'x-portkey-aws-region': 'us-east-1',
  'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}`,
}));

function portkeyFor(name: string, headers: (place: Place) => Record<string, string>): Starter {
  const script = join(import.meta.dirname, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  return {
    name,
    expected: chatAnswer,
    args: ({ port }) => [script, `--port=${port}`, '--headless'],
    request: place => wireRequest(path, headers(place), chatQuestion),
  };
}

/** Everyone who answers chats. */
export const chatContestants: readonly Starter[] = [gateway, portkey, portkeyBedrock];
