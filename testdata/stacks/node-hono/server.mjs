// Hono on its Node adapter. The body is read as fetch does it: a byte order mark is skipped,
// invalid UTF-8 is replaced, and there is no limit.
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { randomUUID } from 'node:crypto';

const manufacturers = new Map([
  ['acme-test-key-5c1d0a', { name: 'acme', enabled: true }],
  ['globex-test-key-e83b27', { name: 'globex', enabled: true }],
  ['initech-test-key-94f6bd', { name: 'initech', enabled: false }],
]);
const connections = new Map([...manufacturers.values()].map((m) => [m.name, new Map()]));

const app = new Hono().basePath('/v2');

async function authenticate(c, next) {
  const manufacturer = manufacturers.get(c.req.header('x-api-key'));
  if (!manufacturer?.enabled) return c.json({ error: 'Invalid API key' }, 401);
  c.set('manufacturer', manufacturer);
  await next();
}

async function readJSON(c) {
  const mediaType = (c.req.header('content-type') ?? '').split(';')[0].trim().toLowerCase();
  if (mediaType !== 'application/json') {
    throw new HTTPException(400, { message: 'Content-Type must be application/json' });
  }
  try {
    return await c.req.json();
  } catch {
    throw new HTTPException(400, { message: 'request body is not valid JSON' });
  }
}

app.post('/manufacturer/device-connections', authenticate, async (c) => {
  const userId = (await readJSON(c))?.user_id;
  if (typeof userId !== 'string') return c.json({ error: 'user_id is required and must be a string' }, 400);
  if (userId === 'provoke-500') throw new Error('provoked');
  const users = connections.get(c.get('manufacturer').name);
  if (!users.has(userId)) users.set(userId, randomUUID());
  return c.json({ manufacturer_user_id: userId, nox_user_id: users.get(userId) }, 201);
});

app.notFound((c) => c.json({ error: 'Not found' }, 404));

app.onError((err, c) => {
  if (err instanceof HTTPException) return c.json({ error: err.message }, err.status);
  console.error(err.message);
  return c.json({ error: 'Internal server error' }, 500);
});

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT) });
