// Fastify with its default validator, which converts a number, a boolean or null to a string and takes
// the only element out of an array. Its parser refuses __proto__.
import Fastify from 'fastify';
import { randomUUID } from 'node:crypto';

const manufacturers = new Map([
  ['acme-test-key-5c1d0a', { name: 'acme', enabled: true }],
  ['globex-test-key-e83b27', { name: 'globex', enabled: true }],
  ['initech-test-key-94f6bd', { name: 'initech', enabled: false }],
]);
const connections = new Map([...manufacturers.values()].map((m) => [m.name, new Map()]));

const app = Fastify();
app.decorateRequest('manufacturer', null);

const errorResponse = { type: 'object', required: ['error'], properties: { error: { type: 'string' } } };
const schema = {
  body: { type: 'object', required: ['user_id'], properties: { user_id: { type: 'string' } } },
  response: {
    201: {
      type: 'object',
      required: ['manufacturer_user_id', 'nox_user_id'],
      properties: { manufacturer_user_id: { type: 'string' }, nox_user_id: { type: 'string' } },
    },
    400: errorResponse,
    401: errorResponse,
    500: errorResponse,
  },
};

async function authenticate(request, reply) {
  const manufacturer = manufacturers.get(request.headers['x-api-key']);
  if (!manufacturer?.enabled) return reply.code(401).send({ error: 'Invalid API key' });
  request.manufacturer = manufacturer;
}

app.post('/v2/manufacturer/device-connections', { schema, onRequest: authenticate }, async (request, reply) => {
  const userId = request.body.user_id;
  if (userId === 'provoke-500') throw new Error('provoked');
  const users = connections.get(request.manufacturer.name);
  if (!users.has(userId)) users.set(userId, randomUUID());
  return reply.code(201).send({ manufacturer_user_id: userId, nox_user_id: users.get(userId) });
});

app.setNotFoundHandler((request, reply) => reply.code(404).send({ error: 'Not found' }));

app.setErrorHandler((err, request, reply) => {
  if (err.validation) return reply.code(400).send({ error: 'user_id is required and must be a string' });
  if (err.statusCode >= 400 && err.statusCode < 500) return reply.code(400).send({ error: err.message });
  console.error(err.message);
  return reply.code(500).send({ error: 'Internal server error' });
});

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
