# Nim's asynchttpserver and std/json. The server splits each header at commas, of which $ gives the first part;
# std/json takes comments, a trailing comma and unescaped control characters.
import std/[asyncdispatch, asynchttpserver, json, os, strutils, sysrand, tables, uri]
from std/unicode import validateUtf8

type Manufacturer = tuple[name: string, enabled: bool]

let manufacturers = {
  "acme-test-key-5c1d0a": ("acme", true),
  "globex-test-key-e83b27": ("globex", true),
  "initech-test-key-94f6bd": ("initech", false)}.toTable
var users: Table[(string, string), string]

proc resolve(manufacturer, userId: string): string =
  if userId == "provoke-500":
    raise newException(ValueError, "provoked")
  let key = (manufacturer, userId)
  if key notin users:
    var id = ""
    for b in urandom(16): id.add b.toHex
    users[key] = id.toLowerAscii
  users[key]

proc send(req: Request, code: HttpCode, body: JsonNode, headers: seq[(string, string)] = @[]) {.async.} =
  await req.respond(code, $body, newHttpHeaders(@[("Content-Type", "application/json")] & headers))

proc create(req: Request): (HttpCode, JsonNode) =
  let manufacturer = manufacturers.getOrDefault($req.headers.getOrDefault("x-api-key"), ("", false))
  if not manufacturer[1]:
    return (Http401, %*{"error": "Invalid API key"})
  let mediaType = ($req.headers.getOrDefault("content-type")).split(';')[0].strip.toLowerAscii
  if mediaType != "application/json":
    return (Http400, %*{"error": "Content-Type must be application/json"})
  if validateUtf8(req.body) >= 0:
    return (Http400, %*{"error": "body must be UTF-8"})
  var body: JsonNode
  try:
    body = parseJson(req.body)
  except JsonParsingError, ValueError:
    return (Http400, %*{"error": "body must be valid JSON"})
  let userId = if body.kind == JObject: body{"user_id"} else: nil
  if userId.isNil or userId.kind != JString:
    return (Http400, %*{"error": "user_id is required and must be a string"})
  (Http201, %*{"manufacturer_user_id": userId.getStr, "nox_user_id": resolve(manufacturer[0], userId.getStr)})

proc handle(req: Request) {.async, gcsafe.} =
  {.cast(gcsafe).}:
    if req.url.path != "/v2/manufacturer/device-connections":
      await req.send(Http404, %*{"error": "Not found"})
    elif req.reqMethod != HttpPost:
      await req.send(Http405, %*{"error": "Method not allowed"}, @[("Allow", "POST")])
    else:
      var answer: (HttpCode, JsonNode)
      try:
        answer = create(req)
      except CatchableError as e:
        stderr.writeLine e.msg
        answer = (Http500, %*{"error": "Internal server error"})
      await req.send(answer[0], answer[1])

waitFor newAsyncHttpServer(maxBody = 1 shl 20).serve(Port(getEnv("PORT").parseInt), handle, "127.0.0.1")
