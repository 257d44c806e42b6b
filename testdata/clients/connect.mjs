// Connects a user:  node connect.mjs USER_ID
//
// Prints the user's nox_user_id. Keep it: it stays the same. NOX_BASE_URL and
// NOX_API_KEY say where and as whom; nox-mock exec sets both.
import { setTimeout as sleep } from "node:timers/promises";

const { NOX_BASE_URL, NOX_API_KEY } = process.env;
const tries = 4;

async function connect(userID) {
  let asked = 0; // how long a response said to wait, in ms
  for (let n = 0; n < tries; n++) {
    if (n > 0) await sleep(Math.max(asked, 100 * 2 ** n * (1 + Math.random()))); // from 200, 400, 800 ms on
    asked = 0;
    let status, body;
    try {
      const response = await fetch(`${NOX_BASE_URL}/manufacturer/device-connections`, {
        method: "POST",
        headers: { "x-api-key": NOX_API_KEY, "content-type": "application/json" },
        body: JSON.stringify({ user_id: userID }),
        signal: AbortSignal.timeout(10_000),
      });
      status = response.status;
      asked = 1000 * (Number(response.headers.get("retry-after")) || 0);
      body = await response.text();
    } catch {
      continue; // the connection broke: the same user gets the same id, so ask again
    }
    if (status === 201) return JSON.parse(body).nox_user_id;
    if (status === 400) throw new Error(`not valid: ${JSON.parse(body).error}`);
    if (status === 401) throw new Error("the API key was refused");
    if (status < 500) throw new Error(`unexpected status ${status}`);
  }
  throw new Error(`no success after ${tries} tries`);
}

try {
  if (process.argv.length !== 3) throw new Error("give the user_id as argument");
  console.log(await connect(process.argv[2]));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
