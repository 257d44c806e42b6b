// Express 5 with its own JSON parser: bodies over 100 KB and unsupported charsets are refused,
// and invalid UTF-8 is replaced.
import express from 'express';
import { randomUUID } from 'node:crypto';

const manufacturers = new Map([
  ['acme-test-key-5c1d0a', { name: 'acme', enabled: true }],
  ['globex-test-key-e83b27', { name: 'globex', enabled: true }],
  ['initech-test-key-94f6bd', { name: 'initech', enabled: false }],
]);
const connections = new Map([...manufacturers.values()].map((m) => [m.name, new Map()]));

function authenticate(req, res, next) {
  const manufacturer = manufacturers.get(req.get('x-api-key'));
  if (!manufacturer?.enabled) return res.status(401).json({ error: 'Invalid API key' });
  req.manufacturer = manufacturer;
  next();
}

function requireJSON(req, res, next) {
  if (!req.is('application/json')) return res.status(400).json({ error: 'Content-Type must be application/json' });
  next();
}

const app = express();
app.disable('x-powered-by');

const connectionsRoute = app.route('/v2/manufacturer/device-connections');

connectionsRoute.post(authenticate, requireJSON, express.json(), (req, res) => {
  const userId = req.body?.user_id;
  if (typeof userId !== 'string') {
    return res.status(400).json({ error: 'user_id is required and must be a string' });
  }
  if (userId === 'provoke-500') throw new Error('provoked');
  const users = connections.get(req.manufacturer.name);
  if (!users.has(userId)) users.set(userId, randomUUID());
  res.status(201).json({ manufacturer_user_id: userId, nox_user_id: users.get(userId) });
});

connectionsRoute.all((req, res) => res.status(405).set('Allow', 'POST').json({ error: 'Method not allowed' }));

app.use((req, res) => res.status(404).json({ error: 'Not found' }));

app.use((err, req, res, next) => {
  if (res.headersSent) return next(err);
  if (err.status >= 400 && err.status < 500) return res.status(400).json({ error: err.message });
  console.error(err.message);
  res.status(500).json({ error: 'Internal server error' });
});

app.listen(Number(process.env.PORT), '127.0.0.1');
