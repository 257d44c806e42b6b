<?php
// Creates the empty database that the workers share.
$db = new PDO('sqlite:' . getenv('USERS_DB'), options: [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
$db->exec('PRAGMA journal_mode = WAL');
$db->exec('CREATE TABLE users (manufacturer TEXT, user_id TEXT, nox_user_id TEXT, PRIMARY KEY (manufacturer, user_id))');
