// Elysia on Bun, its schemas in TypeBox. Elysia parses the body before derive runs. It quotes an invalid value
// in its error, and breaks down over an object that has a toString.
import { Elysia, t } from 'elysia';

const manufacturers = new Map([
  ['acme-test-key-5c1d0a', { name: 'acme', enabled: true }],
  ['globex-test-key-e83b27', { name: 'globex', enabled: true }],
  ['initech-test-key-94f6bd', { name: 'initech', enabled: false }],
]);
const connections = new Map<string, string>();

new Elysia({ prefix: '/v2' })
  .onError(({ code, error, status }) => {
    switch (code) {
      case 'NOT_FOUND':
        return status(404, { error: 'Not found' });
      case 'PARSE':
        return status(400, { error: 'body must be valid JSON' });
      case 'VALIDATION':
        return status(400, { error: 'user_id is required and must be a string' });
      case 'INVALID_FILE_TYPE':
        return status(400, { error: 'Bad request' });
    }
    console.error(error);
    return status(500, { error: 'Internal server error' });
  })
  .derive(({ headers, status }) => {
    const manufacturer = manufacturers.get(headers['x-api-key'] ?? '');
    if (!manufacturer?.enabled) return status(401, { error: 'Invalid API key' });
    return { manufacturer };
  })
  .post('/manufacturer/device-connections', ({ body, manufacturer, status }) => {
    if (body.user_id === 'provoke-500') throw new Error('provoked');
    const key = JSON.stringify([manufacturer.name, body.user_id]);
    let noxUserId = connections.get(key);
    if (noxUserId === undefined) connections.set(key, noxUserId = crypto.randomUUID());
    return status(201, { manufacturer_user_id: body.user_id, nox_user_id: noxUserId });
  }, {
    parse: 'json',
    body: t.Object({ user_id: t.String() }),
    response: {
      201: t.Object({ manufacturer_user_id: t.String(), nox_user_id: t.String() }),
      400: t.Object({ error: t.String() }),
      401: t.Object({ error: t.String() }),
      500: t.Object({ error: t.String() }),
    },
  })
  .listen({ port: Number(process.env.PORT), hostname: '127.0.0.1' });
