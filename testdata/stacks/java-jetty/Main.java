// A servlet in an embedded Jetty 9, with Jackson binding the body to a class with coercion of numbers to strings switched off.
// Notable defaults: Jackson ignores what follows the value and reads UTF-16, and HttpServlet answers TRACE.
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.type.LogicalType;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.servlet.ServletHandler;
import org.eclipse.jetty.servlet.ServletHolder;

public final class Main {
    private record Manufacturer(String name, boolean enabled) {}

    private record User(String manufacturer, String userId) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    static final class Body {
        @JsonProperty("user_id")
        public String userId;
    }

    private static final Map<String, Manufacturer> KEYS = Map.of(
            "acme-test-key-5c1d0a", new Manufacturer("acme", true),
            "globex-test-key-e83b27", new Manufacturer("globex", true),
            "initech-test-key-94f6bd", new Manufacturer("initech", false));
    private static final Map<User, String> USERS = new ConcurrentHashMap<>();
    private static final ObjectMapper JSON = new ObjectMapper();

    static {
        JSON.coercionConfigFor(LogicalType.Textual)
                .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("org.eclipse.jetty.LEVEL", "WARN");
        Server server = new Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))));
        ServletHandler handler = new ServletHandler();
        handler.addServletWithMapping(new ServletHolder(new DeviceConnections()), "/v2/manufacturer/device-connections");
        server.setHandler(handler);
        server.setErrorHandler(new JsonErrors());
        server.start();
        server.join();
    }

    private static void send(HttpServletResponse response, int status, Map<String, String> body) throws IOException {
        response.setStatus(status);
        response.setContentType("application/json");
        response.getOutputStream().write(JSON.writeValueAsBytes(body));
    }

    static final class DeviceConnections extends HttpServlet {
        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
            String key = request.getHeader("x-api-key");
            Manufacturer manufacturer = key == null ? null : KEYS.get(key);
            if (manufacturer == null || !manufacturer.enabled()) {
                send(response, 401, Map.of("error", "Invalid API key"));
                return;
            }
            String type = request.getContentType();
            if (type == null || !type.split(";")[0].trim().equalsIgnoreCase("application/json")) {
                send(response, 400, Map.of("error", "Content-Type must be application/json"));
                return;
            }
            Body body;
            try {
                body = JSON.readValue(request.getInputStream(), Body.class);
            } catch (JsonProcessingException e) {
                send(response, 400, Map.of("error", "body must be a JSON object with a string user_id"));
                return;
            }
            if (body == null || body.userId == null) {
                send(response, 400, Map.of("error", "user_id is required and must be a string"));
                return;
            }
            if (body.userId.equals("provoke-500")) {
                throw new IllegalStateException("provoked");
            }
            User user = new User(manufacturer.name(), body.userId);
            String id = USERS.computeIfAbsent(user, u -> UUID.randomUUID().toString());
            send(response, 201, Map.of("manufacturer_user_id", body.userId, "nox_user_id", id));
        }
    }

    // JsonErrors gives Jetty's own errors (unknown path, other method, an exception) the contract's shape.
    static final class JsonErrors extends ErrorHandler {
        @Override
        protected void generateAcceptableResponse(
                Request base, HttpServletRequest request, HttpServletResponse response, int code, String message)
                throws IOException {
            send(response, code, Map.of("error", code == 500 ? "Internal server error" : String.valueOf(message)));
            base.setHandled(true);
        }
    }
}
