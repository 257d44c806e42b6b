// A Next route handler. Next answers other paths with an HTML page, other methods with an empty 405 without
// Allow, and redirects a path that ends in a slash.
import { randomUUID } from 'node:crypto';

const manufacturers = new Map([
  ['acme-test-key-5c1d0a', { name: 'acme', enabled: true }],
  ['globex-test-key-e83b27', { name: 'globex', enabled: true }],
  ['initech-test-key-94f6bd', { name: 'initech', enabled: false }],
]);
const connections = new Map([...manufacturers.values()].map((m) => [m.name, new Map()]));

function isJSON(request) {
  const mediaType = (request.headers.get('content-type') ?? '').split(';')[0].trim().toLowerCase();
  return mediaType === 'application/json';
}

function refuse(status, error) {
  return Response.json({ error }, { status });
}

async function create(request) {
  const manufacturer = manufacturers.get(request.headers.get('x-api-key'));
  if (!manufacturer?.enabled) return refuse(401, 'Invalid API key');
  if (!isJSON(request)) return refuse(400, 'Content-Type must be application/json');
  let body;
  try {
    body = await request.json();
  } catch {
    return refuse(400, 'request body is not valid JSON');
  }
  const userId = body?.user_id;
  if (typeof userId !== 'string') return refuse(400, 'user_id is required and must be a string');
  if (userId === 'provoke-500') throw new Error('provoked');
  const users = connections.get(manufacturer.name);
  if (!users.has(userId)) users.set(userId, randomUUID());
  return Response.json({ manufacturer_user_id: userId, nox_user_id: users.get(userId) }, { status: 201 });
}

export async function POST(request) {
  try {
    return await create(request);
  } catch (err) {
    console.error(err.message);
    return refuse(500, 'Internal server error');
  }
}
