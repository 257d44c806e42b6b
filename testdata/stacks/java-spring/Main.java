// Spring Web MVC 4.3 in an embedded Jetty 9, where Jackson binds the body to a Map.
// Notable defaults: Jackson ignores what follows the value and reads UTF-16, and other media types are answered 415.
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.context.support.XmlWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.handler.HandlerInterceptorAdapter;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;

public final class Main {
    record Manufacturer(String name, boolean enabled) {}

    record User(String manufacturer, String userId) {}

    static final Map<String, Manufacturer> KEYS = Map.of(
            "acme-test-key-5c1d0a", new Manufacturer("acme", true),
            "globex-test-key-e83b27", new Manufacturer("globex", true),
            "initech-test-key-94f6bd", new Manufacturer("initech", false));

    public static void main(String[] args) throws Exception {
        Logger.getLogger("").setLevel(Level.SEVERE);
        XmlWebApplicationContext context = new XmlWebApplicationContext();
        context.setConfigLocation("file:spring.xml");
        DispatcherServlet dispatcher = new DispatcherServlet(context);
        dispatcher.setThrowExceptionIfNoHandlerFound(true);
        ServletContextHandler handler = new ServletContextHandler();
        handler.addServlet(new ServletHolder(dispatcher), "/v2/*");
        Server server = new Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))));
        server.setHandler(handler);
        server.start();
        server.join();
    }

    // Authentication refuses before Spring reads the body.
    public static class Authentication extends HandlerInterceptorAdapter {
        @Override
        public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler)
                throws IOException {
            String key = request.getHeader("x-api-key");
            Manufacturer manufacturer = key == null ? null : KEYS.get(key);
            if (manufacturer != null && manufacturer.enabled()) {
                request.setAttribute("manufacturer", manufacturer.name());
                return true;
            }
            response.setStatus(401);
            response.setContentType("application/json");
            response.getOutputStream().print("{\"error\":\"Invalid API key\"}");
            return false;
        }
    }

    @RestController
    public static class DeviceConnections {
        private final Map<User, String> users = new ConcurrentHashMap<>();

        @PostMapping(path = "/manufacturer/device-connections", consumes = MediaType.APPLICATION_JSON_VALUE)
        public ResponseEntity<Object> create(@RequestBody Map<String, Object> body, HttpServletRequest request) {
            if (!(body.get("user_id") instanceof String userId)) {
                return error(HttpStatus.BAD_REQUEST, "user_id is required and must be a string");
            }
            if (userId.equals("provoke-500")) {
                throw new IllegalStateException("provoked");
            }
            User user = new User((String) request.getAttribute("manufacturer"), userId);
            String id = users.computeIfAbsent(user, u -> UUID.randomUUID().toString());
            return new ResponseEntity<>(Map.of("manufacturer_user_id", userId, "nox_user_id", id), HttpStatus.CREATED);
        }
    }

    // Errors gives Spring's own errors the contract's shape, and anything else the contract's 500.
    @RestControllerAdvice
    public static class Errors extends ResponseEntityExceptionHandler {
        @Override
        protected ResponseEntity<Object> handleExceptionInternal(
                Exception e, Object body, HttpHeaders headers, HttpStatus status, WebRequest request) {
            return new ResponseEntity<>(Map.of("error", status.getReasonPhrase()), headers, status);
        }

        @ExceptionHandler
        public ResponseEntity<Object> unexpected(RuntimeException e) {
            return error(HttpStatus.INTERNAL_SERVER_ERROR, "Internal server error");
        }
    }

    static ResponseEntity<Object> error(HttpStatus status, String message) {
        return new ResponseEntity<>(Map.of("error", message), status);
    }
}
