// Controls a nox-mock from tests in Node. Copy this file; it needs no packages.
//
//   import { NoxMock } from "./noxmock.mjs";
//
//   const mock = new NoxMock("acme");          // NOX_CONTROL_URL says where, as nox-mock exec sets it
//   await mock.reset();                        // forgets users, journal, faults and scorecard of acme
//   await mock.fault({ kind: "status", status: 503, times: 2, retry_after: "1s" });
//   …                                          // let your client do its work
//   await mock.verify({ user_id: "customer-7", status: 201, times: 1 }); // throws, with the nearest miss
//   const entries = await mock.journal({ user_id: "customer-7" });
//
// Where the control API asks for a token, NOX_CONTROL_TOKEN holds it.

export class NoxMock {
  #manufacturer;
  #url;
  #token;

  constructor(manufacturer, { url = process.env.NOX_CONTROL_URL ?? "http://127.0.0.1:4011", token = process.env.NOX_CONTROL_TOKEN } = {}) {
    [this.#manufacturer, this.#url, this.#token] = [manufacturer, url.replace(/\/$/, ""), token];
  }

  /** reset forgets all that belongs to the manufacturer, and brings back the users that the mock began with. */
  reset() {
    return this.#call("POST", "/reset", { manufacturer: this.#manufacturer });
  }

  /** fault lets requests fail until it is cleared, used up or expired, and returns it with its id. */
  fault(fault) {
    return this.#call("POST", "/faults", { manufacturer: this.#manufacturer, ...fault });
  }

  /** clearFaults ends the faults of the manufacturer. */
  clearFaults() {
    return this.#call("DELETE", `/faults?${this.#query({})}`);
  }

  /** verify throws unless the mock was called as expected: once or more, or "times", "at_least", "at_most". */
  verify(expected) {
    return this.#call("POST", "/verify", { manufacturer: this.#manufacturer, ...expected });
  }

  /** journal returns the newest exchanges, oldest first; filter has user_id, status, path, rule, search, limit … */
  async journal(filter = {}) {
    return (await this.#call("GET", `/journal?${this.#query({ newest: true, limit: 1000, ...filter })}`)).entries;
  }

  /** scorecard returns which documented responses the client met, and which mistakes it made. */
  scorecard() {
    return this.#call("GET", `/scorecard?${this.#query({})}`);
  }

  #query(parameters) {
    return new URLSearchParams({ manufacturer: this.#manufacturer, ...parameters });
  }

  async #call(method, path, body) {
    const headers = { ...(body && { "content-type": "application/json" }), ...(this.#token && { authorization: `Bearer ${this.#token}` }) };
    const response = await fetch(this.#url + path, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    if (response.ok) return text ? JSON.parse(text) : undefined;
    let reason = text;
    try {
      reason = JSON.parse(text).error;
    } catch { /* not the mock's own words */ }
    throw new Error(`nox-mock: ${method} ${path}: ${response.status}: ${reason}`);
  }
}
