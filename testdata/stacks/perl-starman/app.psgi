# Plack on Starman, which forks five workers; they share users in SQLite. JSON is Perl's own JSON::PP.
# Notable defaults: JSON::PP reads UTF-16 and UTF-32 too, and every open connection occupies a worker.
use v5.36;
use builtin 'created_as_string';
no warnings 'experimental::builtin';

use DBI;
use JSON::PP ();
use Plack::Request;
use UUID::Tiny ':std';

my %keys = (
    'acme-test-key-5c1d0a'    => { name => 'acme',    enabled => 1 },
    'globex-test-key-e83b27'  => { name => 'globex',  enabled => 1 },
    'initech-test-key-94f6bd' => { name => 'initech', enabled => 0 },
);
my $json = JSON::PP->new->utf8->canonical;

sub respond ($status, $body, @headers) {
    return [$status, ['Content-Type' => 'application/json', @headers], [$json->encode($body)]];
}

# Each worker opens the database once, after the fork.
sub db {
    state $db = DBI->connect("dbi:SQLite:dbname=$ENV{USERS_DB}", '', '',
        { RaiseError => 1, PrintError => 0, sqlite_unicode => 1 });
    return $db;
}

# The unique key decides between workers that create the same user at once.
sub resolve ($manufacturer, $user_id) {
    db()->do('INSERT OR IGNORE INTO users VALUES (?, ?, ?)',
        undef, $manufacturer, $user_id, create_uuid_as_string(UUID_V4));
    my ($id) = db()->selectrow_array('SELECT nox_user_id FROM users WHERE manufacturer = ? AND user_id = ?',
        undef, $manufacturer, $user_id);
    return $id;
}

sub connect_device ($request) {
    my $manufacturer = $keys{ $request->header('x-api-key') // '' };
    return respond(401, { error => 'Invalid API key' }) unless $manufacturer && $manufacturer->{enabled};

    my ($media_type) = split /\s*;/, $request->content_type // '';
    return respond(400, { error => 'Content-Type must be application/json' })
        unless lc($media_type // '') eq 'application/json';

    my $body = eval { $json->decode($request->content) };
    return respond(400, { error => 'body must be a JSON object' }) unless ref $body eq 'HASH';

    my $user_id = $body->{user_id};
    return respond(400, { error => 'user_id is required and must be a string' })
        unless defined $user_id && !ref $user_id && created_as_string($user_id);
    die 'provoked' if $user_id eq 'provoke-500';

    return respond(201,
        { manufacturer_user_id => $user_id, nox_user_id => resolve($manufacturer->{name}, $user_id) });
}

sub ($env) {
    my $request = Plack::Request->new($env);
    return respond(404, { error => 'Not found' }) if $request->path ne '/v2/manufacturer/device-connections';
    return respond(405, { error => 'Method not allowed' }, Allow => 'POST') if $request->method ne 'POST';

    return eval { connect_device($request) } // do {
        warn $@;
        respond(500, { error => 'Internal server error' });
    };
}
