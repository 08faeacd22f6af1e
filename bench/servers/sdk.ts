import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import Fastify from 'fastify';
import { port, upstream } from './passthrough.ts';

// What one writes first: the AWS SDK with its defaults behind a route.
const client = new SageMakerRuntimeClient({
  region: 'us-east-1',
  endpoint: upstream,
  credentials: { accessKeyId: 'AKIDBENCH', secretAccessKey: 'bench-secret' },
});
const app = Fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post<{ Params: { endpoint: string }; Body: Buffer }>('/endpoints/:endpoint/invocations', async (request, reply) => {
  const answer = await client.send(
    new InvokeEndpointCommand({
      EndpointName: request.params.endpoint,
      ContentType: request.headers['content-type'],
      Body: request.body,
    }),
  );
  reply.header('content-type', answer.ContentType);
  return Buffer.from(answer.Body);
});
await app.listen({ port, host: '127.0.0.1' });
