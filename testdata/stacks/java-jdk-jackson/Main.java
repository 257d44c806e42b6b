// The JDK's own HTTP server with Jackson's tree model.
// Notable defaults: Jackson reads UTF-16 and UTF-32 too, ignores what follows the value, and keeps the last of two equal names.
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

public final class Main {
    private static final String PATH = "/v2/manufacturer/device-connections";

    private record Manufacturer(String name, boolean enabled) {}

    private record User(String manufacturer, String userId) {}

    private static final class Refused extends Exception {
        final int status;

        Refused(int status, String message) {
            super(message);
            this.status = status;
        }
    }

    private static final Map<String, Manufacturer> KEYS = Map.of(
            "acme-test-key-5c1d0a", new Manufacturer("acme", true),
            "globex-test-key-e83b27", new Manufacturer("globex", true),
            "initech-test-key-94f6bd", new Manufacturer("initech", false));
    private static final Map<User, String> USERS = new ConcurrentHashMap<>();
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(System.getenv("PORT"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newFixedThreadPool(16));
        server.createContext("/", Main::handle);
        server.start();
    }

    private static void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            try {
                send(exchange, 201, connect(exchange));
            } catch (Refused e) {
                send(exchange, e.status, Map.of("error", e.getMessage()));
            } catch (RuntimeException e) {
                send(exchange, 500, Map.of("error", "Internal server error"));
            }
        }
    }

    private static Map<String, String> connect(HttpExchange exchange) throws IOException, Refused {
        if (!exchange.getRequestURI().getPath().equals(PATH)) {
            throw new Refused(404, "Not found");
        }
        if (!exchange.getRequestMethod().equals("POST")) {
            exchange.getResponseHeaders().set("Allow", "POST");
            throw new Refused(405, "Method not allowed");
        }
        String key = exchange.getRequestHeaders().getFirst("x-api-key");
        Manufacturer manufacturer = key == null ? null : KEYS.get(key);
        if (manufacturer == null || !manufacturer.enabled()) {
            throw new Refused(401, "Invalid API key");
        }
        String userId = readUserId(exchange);
        if (userId.equals("provoke-500")) {
            throw new IllegalStateException("provoked");
        }
        String id = USERS.computeIfAbsent(new User(manufacturer.name(), userId), u -> UUID.randomUUID().toString());
        return Map.of("manufacturer_user_id", userId, "nox_user_id", id);
    }

    private static String readUserId(HttpExchange exchange) throws IOException, Refused {
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        if (type == null || !type.split(";")[0].trim().equalsIgnoreCase("application/json")) {
            throw new Refused(400, "Content-Type must be application/json");
        }
        JsonNode body;
        try {
            body = JSON.readTree(exchange.getRequestBody().readAllBytes());
        } catch (JsonProcessingException e) {
            throw new Refused(400, "body must be valid JSON");
        }
        JsonNode userId = body.get("user_id");
        if (userId == null || !userId.isTextual()) {
            throw new Refused(400, "user_id is required and must be a string");
        }
        return userId.textValue();
    }

    private static void send(HttpExchange exchange, int status, Map<String, String> body) throws IOException {
        byte[] bytes = JSON.writeValueAsBytes(body);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, exchange.getRequestMethod().equals("HEAD") ? -1 : bytes.length);
        if (!exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseBody().write(bytes);
        }
    }
}
