// Node's http module without a framework. JSON.parse keeps the last of two properties with one name,
// and decoding the body replaces invalid UTF-8.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';

const path = '/v2/manufacturer/device-connections';
const bodyLimit = 100 * 1024;
const manufacturers = new Map([
  ['acme-test-key-5c1d0a', { name: 'acme', enabled: true }],
  ['globex-test-key-e83b27', { name: 'globex', enabled: true }],
  ['initech-test-key-94f6bd', { name: 'initech', enabled: false }],
]);
const connections = new Map([...manufacturers.values()].map((m) => [m.name, new Map()]));

class RequestError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function resolve(manufacturer, userId) {
  if (userId === 'provoke-500') throw new Error('provoked');
  const users = connections.get(manufacturer.name);
  if (!users.has(userId)) users.set(userId, randomUUID());
  return users.get(userId);
}

async function readJSON(req) {
  const mediaType = (req.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (mediaType !== 'application/json') throw new RequestError(400, 'Content-Type must be application/json');
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > bodyLimit) throw new RequestError(400, 'request body is too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new RequestError(400, 'request body is not valid JSON');
  }
}

async function handle(req, res) {
  if (req.url.split('?')[0] !== path) throw new RequestError(404, 'Not found');
  if (req.method !== 'POST') {
    res.setHeader('Allow', 'POST');
    throw new RequestError(405, 'Method not allowed');
  }
  const manufacturer = manufacturers.get(req.headers['x-api-key']);
  if (!manufacturer?.enabled) throw new RequestError(401, 'Invalid API key');
  const body = await readJSON(req);
  if (typeof body?.user_id !== 'string') throw new RequestError(400, 'user_id is required and must be a string');
  send(res, 201, { manufacturer_user_id: body.user_id, nox_user_id: resolve(manufacturer, body.user_id) });
}

function send(res, status, body) {
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

createServer((req, res) => {
  handle(req, res).catch((err) => {
    if (err instanceof RequestError) return send(res, err.status, { error: err.message });
    console.error(err.message);
    send(res, 500, { error: 'Internal server error' });
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
