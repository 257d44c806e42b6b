// restify with its own body parser, which has no limit by default; restify adds 405 and Allow, and refuses
// a media type with a space before its semicolon.
import restify from 'restify';
import { randomUUID } from 'node:crypto';

const manufacturers = new Map([
  ['acme-test-key-5c1d0a', { name: 'acme', enabled: true }],
  ['globex-test-key-e83b27', { name: 'globex', enabled: true }],
  ['initech-test-key-94f6bd', { name: 'initech', enabled: false }],
]);
const connections = new Map([...manufacturers.values()].map((m) => [m.name, new Map()]));

const server = restify.createServer();

function authenticate(req, res, next) {
  const manufacturer = manufacturers.get(req.headers['x-api-key']);
  if (!manufacturer?.enabled) {
    res.send(401, { error: 'Invalid API key' });
    return next(false);
  }
  req.manufacturer = manufacturer;
  return next();
}

function requireJSON(req, res, next) {
  if (req.is('application/json')) return next();
  res.send(400, { error: 'Content-Type must be application/json' });
  return next(false);
}

async function create(req, res) {
  const userId = req.body?.user_id;
  if (typeof userId !== 'string') {
    res.send(400, { error: 'user_id is required and must be a string' });
    return;
  }
  if (userId === 'provoke-500') throw new Error('provoked');
  const users = connections.get(req.manufacturer.name);
  if (!users.has(userId)) users.set(userId, randomUUID());
  res.send(201, { manufacturer_user_id: userId, nox_user_id: users.get(userId) });
}

const parseBody = restify.plugins.bodyParser({ mapParams: false });
server.post('/v2/manufacturer/device-connections', authenticate, requireJSON, ...parseBody, create);

server.on('restifyError', (req, res, err, done) => {
  if (err.statusCode >= 400 && err.statusCode < 500) {
    if (err.statusCode !== 404 && err.statusCode !== 405) err.statusCode = 400;
    err.toJSON = () => ({ error: err.message });
  } else {
    console.error(err.message);
    err.statusCode = 500;
    err.toJSON = () => ({ error: 'Internal server error' });
  }
  return done();
});

server.listen(Number(process.env.PORT), '127.0.0.1');
