<?php
// PHP-FPM behind nginx; its processes share users in SQLite.
// Notable defaults: json_decode stops at a depth of 512, and nginx refuses bodies over 1 MB with a page of its own.
declare(strict_types=1);

const KEYS = [
    'acme-test-key-5c1d0a' => ['name' => 'acme', 'enabled' => true],
    'globex-test-key-e83b27' => ['name' => 'globex', 'enabled' => true],
    'initech-test-key-94f6bd' => ['name' => 'initech', 'enabled' => false],
];

function respond(int $status, array $body): never
{
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode($body, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
    exit;
}

set_exception_handler(function (Throwable $e): void {
    respond(500, ['error' => 'Internal server error']);
});

if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) !== '/v2/manufacturer/device-connections') {
    respond(404, ['error' => 'Not found']);
}
if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    header('Allow: POST');
    respond(405, ['error' => 'Method not allowed']);
}

$manufacturer = KEYS[$_SERVER['HTTP_X_API_KEY'] ?? ''] ?? null;
if ($manufacturer === null || !$manufacturer['enabled']) {
    respond(401, ['error' => 'Invalid API key']);
}

$mediaType = strtolower(trim(explode(';', $_SERVER['CONTENT_TYPE'] ?? '')[0]));
if ($mediaType !== 'application/json') {
    respond(400, ['error' => 'Content-Type must be application/json']);
}
try {
    $body = json_decode(file_get_contents('php://input'), flags: JSON_THROW_ON_ERROR);
} catch (JsonException) {
    respond(400, ['error' => 'body must be valid JSON']);
}
$userId = $body instanceof stdClass ? ($body->user_id ?? null) : null;
if (!is_string($userId)) {
    respond(400, ['error' => 'user_id is required and must be a string']);
}
if ($userId === 'provoke-500') {
    throw new RuntimeException('provoked');
}

respond(201, ['manufacturer_user_id' => $userId, 'nox_user_id' => resolve($manufacturer['name'], $userId)]);

// resolve returns the one id of this manufacturer's user: the unique key decides between workers.
function resolve(string $manufacturer, string $userId): string
{
    $db = new PDO('sqlite:' . getenv('USERS_DB'), options: [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
    $db->exec('PRAGMA busy_timeout = 5000');
    $db->prepare('INSERT OR IGNORE INTO users (manufacturer, user_id, nox_user_id) VALUES (?, ?, ?)')
        ->execute([$manufacturer, $userId, uuid()]);
    $query = $db->prepare('SELECT nox_user_id FROM users WHERE manufacturer = ? AND user_id = ?');
    $query->execute([$manufacturer, $userId]);
    return $query->fetchColumn();
}

function uuid(): string
{
    $bytes = random_bytes(16);
    $bytes[6] = chr(ord($bytes[6]) & 0x0f | 0x40);
    $bytes[8] = chr(ord($bytes[8]) & 0x3f | 0x80);
    return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($bytes), 4));
}
