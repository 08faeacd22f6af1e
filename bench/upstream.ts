import { createServer, type ServerResponse } from 'node:http';
import { converseAnswer, encodedPart, eventsPerStream, heldOpen, openAiAnswer, prediction } from './payload.ts';

// The model server that answers at once, whatever is asked; streamed calls get one event per turn of the loop, those
// that ask for it only the first; chats are answered in the protocol asked. `GET /served` tells how many answers it gave.
const [body, converse, openAi] = [prediction, converseAnswer, openAiAnswer].map(text => Buffer.from(text));
let served = 0;

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  if (request.method === 'GET') {
    response.end(String(served));
    return;
  }
  let asked = '';
  request.setEncoding('latin1').on('data', chunk => {
    asked += chunk;
  });
  request.once('end', () => {
    served += 1;
    if (request.url?.endsWith('-response-stream'))
      stream(response, asked === heldOpen ? 1 : eventsPerStream, asked !== heldOpen);
    else if (request.url?.endsWith('/converse')) answer(response, converse);
    else answer(response, request.url?.endsWith('/chat/completions') ? openAi : body);
  });
});

function answer(response: ServerResponse, bytes = Buffer.alloc(0)): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
}

/** Writes so many events, one per turn of the loop. */
function stream(response: ServerResponse, events: number, ends: boolean): void {
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
  const write = (left: number) => {
    if (left > 0) response.write(encodedPart);
    if (left > 1) setImmediate(write, left - 1);
    else if (ends) response.end();
  };
  write(events);
}

server.listen(Number(process.argv[2]), '127.0.0.1');
