// hapi with Joi. hapi refuses __proto__ and a payload over 1 MB, and parses a body without a Content-Type
// as JSON; other methods are 404.
import Hapi from '@hapi/hapi';
import Boom from '@hapi/boom';
import Joi from 'joi';
import { randomUUID } from 'node:crypto';

const manufacturers = new Map([
  ['acme-test-key-5c1d0a', { name: 'acme', enabled: true }],
  ['globex-test-key-e83b27', { name: 'globex', enabled: true }],
  ['initech-test-key-94f6bd', { name: 'initech', enabled: false }],
]);
const connections = new Map([...manufacturers.values()].map((m) => [m.name, new Map()]));

const server = Hapi.server({ host: '127.0.0.1', port: Number(process.env.PORT), debug: false });

server.auth.scheme('api-key', () => ({
  authenticate(request, h) {
    const manufacturer = manufacturers.get(request.headers['x-api-key']);
    if (!manufacturer?.enabled) throw Boom.unauthorized('Invalid API key');
    return h.authenticated({ credentials: manufacturer });
  },
}));
server.auth.strategy('manufacturer', 'api-key');

server.route({
  method: 'POST',
  path: '/v2/manufacturer/device-connections',
  options: {
    auth: 'manufacturer',
    payload: { allow: 'application/json' },
    validate: {
      payload: Joi.object({ user_id: Joi.string().allow('').required() }).unknown().required(),
      failAction() {
        throw Boom.badRequest('user_id is required and must be a string');
      },
    },
  },
  handler(request, h) {
    const userId = request.payload.user_id;
    if (userId === 'provoke-500') throw new Error('provoked');
    const users = connections.get(request.auth.credentials.name);
    if (!users.has(userId)) users.set(userId, randomUUID());
    return h.response({ manufacturer_user_id: userId, nox_user_id: users.get(userId) }).code(201);
  },
});

server.ext('onPreResponse', (request, h) => {
  const { response } = request;
  if (!response.isBoom) return h.continue;
  const status = response.output.statusCode;
  if (status >= 500) {
    console.error(response.message);
    return h.response({ error: 'Internal server error' }).code(500);
  }
  return h.response({ error: response.message }).code(status === 401 || status === 404 ? status : 400);
});

await server.start();
