// What dredd must be told to meet each documented response; all else it reads
// from the contract:
//
//   dredd CONTRACT.yaml "$NOX_BASE_URL" --hookfiles dredd-hooks.js
const hooks = require("hooks");

hooks.beforeEach(({ request, expected }, done) => {
  request.headers["x-api-key"] = process.env.NOX_API_KEY;
  switch (expected.statusCode) {
    case "400":
      request.body = "{}";
      break;
    case "401":
      delete request.headers["x-api-key"];
      break;
    case "500":
      request.headers.Prefer = "code=500";
      break;
  }
  done();
});
