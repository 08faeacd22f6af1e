import { lookup } from 'node:dns';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'tap';
import { createPoster } from '../../src/backends/post.ts';

test('a small text is read; what is large, elsewhere or not there is not', async t => {
  const server = createServer((request, response) => {
    if (request.url === '/elsewhere') response.writeHead(302, { location: '/small' }).end('small');
    else if (request.url === '/small') response.end('x'.repeat(100));
    else if (request.url === '/large') response.end('x'.repeat(101));
    else if (request.url === '/broken')
      response.writeHead(200, { 'content-length': 100 }).write('x', () => response.destroy());
    else response.writeHead(404).end('no');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const poster = createPoster(lookup);
  t.teardown(() => poster.stop());
  const at = (path: string) => poster.read(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, 100);
  t.equal(await at('/small'), 'x'.repeat(100));
  for (const path of ['/large', '/elsewhere', '/broken', '/nothing']) t.equal(await at(path), undefined, path);
  t.equal(await poster.read('http://127.0.0.1:1/', 100), undefined);
});
