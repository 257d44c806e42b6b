# Crystal's HTTP::Server and JSON::Serializable. Bytes that are not UTF-8 raise another error than JSON::ParseException,
# and a response to HEAD has a body.
require "http/server"
require "json"
require "uuid"

MANUFACTURERS = {
  "acme-test-key-5c1d0a"    => {"acme", true},
  "globex-test-key-e83b27"  => {"globex", true},
  "initech-test-key-94f6bd" => {"initech", false},
}
USERS = {} of {String, String} => String

struct CreateRequest
  include JSON::Serializable
  getter user_id : String
end

def send(context, status : HTTP::Status, body)
  context.response.status = status
  context.response.content_type = "application/json"
  body.to_json(context.response)
end

def fail(context, status, message)
  send(context, status, {error: message})
end

def create(context)
  key = context.request.headers["x-api-key"]?
  name, enabled = MANUFACTURERS[key]? || {"", false}
  return fail(context, HTTP::Status::UNAUTHORIZED, "Invalid API key") unless enabled
  type = context.request.headers["Content-Type"]?.try(&.split(';').first.strip.downcase)
  return fail(context, HTTP::Status::BAD_REQUEST, "Content-Type must be application/json") unless type == "application/json"
  begin
    body = CreateRequest.from_json(context.request.body || IO::Memory.new)
  rescue JSON::ParseException
    return fail(context, HTTP::Status::BAD_REQUEST, "user_id is required and must be a string")
  end
  raise "provoked" if body.user_id == "provoke-500"
  id = USERS[{name, body.user_id}] ||= UUID.random.to_s
  send(context, HTTP::Status::CREATED, {manufacturer_user_id: body.user_id, nox_user_id: id})
end

server = HTTP::Server.new do |context|
  if context.request.path != "/v2/manufacturer/device-connections"
    fail(context, HTTP::Status::NOT_FOUND, "Not found")
  elsif context.request.method != "POST"
    context.response.headers["Allow"] = "POST"
    fail(context, HTTP::Status::METHOD_NOT_ALLOWED, "Method not allowed")
  else
    begin
      create(context)
    rescue e
      STDERR.puts e.message
      fail(context, HTTP::Status::INTERNAL_SERVER_ERROR, "Internal server error")
    end
  end
end
Signal::TERM.trap { exit }
server.bind_tcp("127.0.0.1", ENV["PORT"].to_i)
server.listen
