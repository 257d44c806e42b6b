// What noxmock.mjs promises:  nox-mock exec -- node noxmock-test.mjs
import assert from "node:assert/strict";
import { NoxMock } from "./noxmock.mjs";

const mock = new NoxMock("acme");
const connect = async (userID) => (await fetch(`${process.env.NOX_BASE_URL}/manufacturer/device-connections`, {
  method: "POST", headers: { "x-api-key": process.env.NOX_API_KEY, "content-type": "application/json" }, body: JSON.stringify({ user_id: userID }),
})).status;

const set = await mock.fault({ kind: "status", status: 503, times: 1, retry_after: "1s" });
assert.match(set.id, /^fault-/);
assert.deepEqual([await connect("customer 7 & more"), await connect("customer 7 & more")], [503, 201]);
await mock.verify({ user_id: "customer 7 & more", times: 2 });
await assert.rejects(mock.verify({ user_id: "customer 8" }), /nearest.*customer 7/);
await assert.rejects(mock.fault({ kind: "status", staus: 503 }), /the nearest is "status"/);
assert.deepEqual((await mock.journal({ user_id: "customer 7 & more" })).map((entry) => entry.response.status), [503, 201]);
assert.equal((await mock.scorecard()).requests, 2);
await mock.fault({ kind: "status" });
await mock.clearFaults();
assert.equal(await connect("customer-9"), 201);
await mock.reset();
assert.deepEqual(await mock.journal(), []);
console.log("ok");
