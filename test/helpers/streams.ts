import { InvokeEndpointWithResponseStreamCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { Test } from 'tap';
import type { ModelContainer } from '../../sim/model-port.ts';
import { demoCredentials } from './aws-clients.ts';
import { echoContainers } from './simulator.ts';

const words = ['one ', 'two ', 'three'].map(word => Buffer.from(word));

/** Writes three pieces. As `text/event-stream` to those who accept it. */
const talking: ModelContainer = {
  predict: ({ accept }) => {
    const chunks = accept === 'text/event-stream' ? words.map(word => Buffer.from(`data: ${word}\n\n`)) : words;
    return { status: 200, contentType: accept ?? 'text/plain', body: Buffer.concat(chunks), chunks };
  },
};
export const talkingContainers = { ...echoContainers, 'rain-v1': talking };

/** What an unmodified SDK client saw of a stream. */
export interface Seen {
  readonly texts: string[];
  readonly contentType: string | undefined;
  /** Name of the error that ended it. */
  readonly error: string | undefined;
}

/** Streams through the gateway with the AWS SDK. */
export async function sdkStream(t: Test, url: string, model = 'rain'): Promise<Seen> {
  const client = new SageMakerRuntimeClient({
    region: 'us-east-1',
    endpoint: url,
    credentials: demoCredentials,
    maxAttempts: 1,
  });
  t.teardown(() => client.destroy());
  const texts: string[] = [];
  let contentType: string | undefined;
  try {
    const answer = await client.send(
      new InvokeEndpointWithResponseStreamCommand({ EndpointName: model, Body: Buffer.from('x') }),
    );
    contentType = answer.ContentType;
    for await (const event of answer.Body ?? []) texts.push(Buffer.from(event.PayloadPart?.Bytes ?? []).toString());
    return { texts, contentType, error: undefined };
  } catch (error) {
    return { texts, contentType, error: error instanceof Error ? error.name : String(error) };
  }
}
