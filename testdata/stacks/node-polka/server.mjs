// Polka, a router on Node's http module, with the body-parser of Express 5. Other methods are 404,
// and Polka does not catch what a handler throws, so the handler does.
import polka from 'polka';
import bodyParser from 'body-parser';
import { randomUUID } from 'node:crypto';

const manufacturers = new Map([
  ['acme-test-key-5c1d0a', { name: 'acme', enabled: true }],
  ['globex-test-key-e83b27', { name: 'globex', enabled: true }],
  ['initech-test-key-94f6bd', { name: 'initech', enabled: false }],
]);
const connections = new Map([...manufacturers.values()].map((m) => [m.name, new Map()]));

function send(res, status, body) {
  res.writeHead(status, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify(body));
}

function authenticate(req, res, next) {
  const manufacturer = manufacturers.get(req.headers['x-api-key']);
  if (!manufacturer?.enabled) return send(res, 401, { error: 'Invalid API key' });
  req.manufacturer = manufacturer;
  next();
}

function resolve(manufacturer, userId) {
  if (userId === 'provoke-500') throw new Error('provoked');
  const users = connections.get(manufacturer.name);
  if (!users.has(userId)) users.set(userId, randomUUID());
  return users.get(userId);
}

function create(req, res, next) {
  const userId = req.body?.user_id;
  if (typeof userId !== 'string') return send(res, 400, { error: 'user_id is required and must be a string' });
  try {
    send(res, 201, { manufacturer_user_id: userId, nox_user_id: resolve(req.manufacturer, userId) });
  } catch (err) {
    next(err);
  }
}

function onError(err, req, res) {
  if (err.status >= 400 && err.status < 500) return send(res, 400, { error: err.message });
  console.error(err.message);
  send(res, 500, { error: 'Internal server error' });
}

polka({ onError, onNoMatch: (req, res) => send(res, 404, { error: 'Not found' }) })
  .post('/v2/manufacturer/device-connections', authenticate, bodyParser.json(), create)
  .listen(Number(process.env.PORT), '127.0.0.1');
