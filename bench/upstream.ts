import { createServer } from 'node:http';
import { prediction } from './payload.ts';

// The model server that answers at once, whatever is asked. `GET /served` tells how many answers it gave.
const body = Buffer.from(prediction);
const head = { 'content-type': 'application/json', 'content-length': body.length };
let served = 0;

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  if (request.method === 'GET') {
    response.end(String(served));
    return;
  }
  request.resume();
  request.once('end', () => {
    served += 1;
    response.writeHead(200, head).end(body);
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1');
