// cpp-httplib with JSON for Modern C++ (nlohmann).
// Notable defaults: every open connection occupies a thread of the pool, and other methods are answered 404.
#include <httplib.h>
#include <nlohmann/json.hpp>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

using httplib::Request;
using httplib::Response;
using nlohmann::json;

struct Manufacturer {
  std::string name;
  bool enabled;
};

const std::map<std::string, Manufacturer> keys = {
    {"acme-test-key-5c1d0a", {"acme", true}},
    {"globex-test-key-e83b27", {"globex", true}},
    {"initech-test-key-94f6bd", {"initech", false}},
};

void refuse(Response &response, int status, const std::string &message) {
  response.status = status;
  response.set_content(json{{"error", message}}.dump(), "application/json");
}

std::string new_uuid() {
  std::random_device random;
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%08x%04x", random(), random() & 0xffff, random() & 0xfff,
                (random() & 0x3fff) | 0x8000, random(), random() & 0xffff);
  return text;
}

// resolve returns the one id of this manufacturer's user.
std::string resolve(const std::string &manufacturer, const std::string &user_id) {
  static std::mutex mutex;
  static std::map<std::pair<std::string, std::string>, std::string> users;
  std::lock_guard<std::mutex> lock(mutex);
  std::string &id = users[{manufacturer, user_id}];
  if (id.empty()) id = new_uuid();
  return id;
}

bool is_json(const std::string &content_type) {
  std::string media_type = content_type.substr(0, content_type.find(';'));
  media_type.erase(media_type.find_last_not_of(" \t") + 1);
  for (char &c : media_type) c = std::tolower(static_cast<unsigned char>(c));
  return media_type == "application/json";
}

void create_connection(const Request &request, Response &response) {
  if (!is_json(request.get_header_value("Content-Type"))) {
    return refuse(response, 400, "Content-Type must be application/json");
  }
  json body;
  try {
    body = json::parse(request.body);
  } catch (const json::exception &) {
    return refuse(response, 400, "body must be valid JSON");
  }
  if (!body.is_object() || !body.contains("user_id") || !body["user_id"].is_string()) {
    return refuse(response, 400, "user_id is required and must be a string");
  }
  const std::string user_id = body["user_id"];
  if (user_id == "provoke-500") throw std::runtime_error("provoked");

  const std::string manufacturer = keys.at(request.get_header_value("x-api-key")).name;
  response.status = 201;
  response.set_content(json{{"manufacturer_user_id", user_id}, {"nox_user_id", resolve(manufacturer, user_id)}}.dump(),
                       "application/json");
}

int main() {
  const std::string path = "/v2/manufacturer/device-connections";
  httplib::Server server;
  // Before routing, so that the key is checked before the body is read.
  server.set_pre_routing_handler([&](const Request &request, Response &response) {
    if (request.path != path) return httplib::Server::HandlerResponse::Unhandled;
    const auto key = keys.find(request.get_header_value("x-api-key"));
    if (key != keys.end() && key->second.enabled) return httplib::Server::HandlerResponse::Unhandled;
    refuse(response, 401, "Invalid API key");
    return httplib::Server::HandlerResponse::Handled;
  });
  server.Post(path, create_connection);
  server.set_exception_handler([](const Request &, Response &response, std::exception_ptr) {
    refuse(response, 500, "Internal server error");
  });
  server.set_error_handler([](const Request &, Response &response) {
    if (response.body.empty()) refuse(response, response.status, response.status == 404 ? "Not found" : "Bad request");
  });
  // The library's own options keep a port from being bound again for a minute after a restart.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  return server.listen("127.0.0.1", std::atoi(std::getenv("PORT"))) ? 0 : 1;
}
