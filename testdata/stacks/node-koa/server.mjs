// Koa with @koa/router, which adds 405 and Allow, and @koa/bodyparser, which refuses __proto__ and a body
// over 1 MB.
import Koa from 'koa';
import Router from '@koa/router';
import { bodyParser } from '@koa/bodyparser';
import { randomUUID } from 'node:crypto';

const manufacturers = new Map([
  ['acme-test-key-5c1d0a', { name: 'acme', enabled: true }],
  ['globex-test-key-e83b27', { name: 'globex', enabled: true }],
  ['initech-test-key-94f6bd', { name: 'initech', enabled: false }],
]);
const connections = new Map([...manufacturers.values()].map((m) => [m.name, new Map()]));

async function handleErrors(ctx, next) {
  try {
    await next();
    if (ctx.status === 404 && ctx.body == null) respond(ctx, 404, 'Not found');
    if (ctx.status === 405) respond(ctx, 405, 'Method not allowed');
  } catch (err) {
    if (err.status === 401) return respond(ctx, 401, err.message);
    if (err.status >= 400 && err.status < 500) return respond(ctx, 400, err.message);
    console.error(err.message);
    respond(ctx, 500, 'Internal server error');
  }
}

function respond(ctx, status, message) {
  ctx.status = status;
  ctx.body = { error: message };
}

async function authenticate(ctx, next) {
  const manufacturer = manufacturers.get(ctx.get('x-api-key'));
  if (!manufacturer?.enabled) ctx.throw(401, 'Invalid API key');
  ctx.state.manufacturer = manufacturer;
  await next();
}

async function requireJSON(ctx, next) {
  if (!ctx.is('application/json')) ctx.throw(400, 'Content-Type must be application/json');
  await next();
}

const router = new Router({ prefix: '/v2' });
const parseBody = bodyParser({ enableTypes: ['json'] });
router.post('/manufacturer/device-connections', authenticate, requireJSON, parseBody, (ctx) => {
  const userId = ctx.request.body?.user_id;
  if (typeof userId !== 'string') ctx.throw(400, 'user_id is required and must be a string');
  if (userId === 'provoke-500') throw new Error('provoked');
  const users = connections.get(ctx.state.manufacturer.name);
  if (!users.has(userId)) users.set(userId, randomUUID());
  ctx.status = 201;
  ctx.body = { manufacturer_user_id: userId, nox_user_id: users.get(userId) };
});

const app = new Koa();
app.use(handleErrors).use(router.routes()).use(router.allowedMethods());
app.listen(Number(process.env.PORT), '127.0.0.1');
