# Mojolicious on its own event loop, with Cpanel::JSON::XS: one process, users in memory.
# Notable defaults: the parser reads UTF-16 and UTF-32 too, and Mojolicious reads the body before it routes.
use Mojolicious::Lite -signatures;
use builtin 'created_as_string';
no warnings 'experimental::builtin';
use UUID::Tiny ':std';

my %keys = (
    'acme-test-key-5c1d0a'    => { name => 'acme',    enabled => 1 },
    'globex-test-key-e83b27'  => { name => 'globex',  enabled => 1 },
    'initech-test-key-94f6bd' => { name => 'initech', enabled => 0 },
);
my %users;

helper refuse => sub ($c, $status, $message) {
    $c->render(json => { error => $message }, status => $status);
    return undef;
};
helper 'reply.not_found' => sub ($c) { $c->refuse(404, 'Not found') };
helper 'reply.exception' => sub ($c, $error) {
    $c->app->log->error($error);
    $c->refuse(500, 'Internal server error');
};

under '/v2/manufacturer/device-connections' => sub ($c) {
    my $manufacturer = $keys{ $c->req->headers->header('x-api-key') // '' };
    return $c->refuse(401, 'Invalid API key') unless $manufacturer && $manufacturer->{enabled};
    $c->stash(manufacturer => $manufacturer->{name});
    return 1;
};

post '/' => sub ($c) {
    my ($media_type) = split /\s*;/, $c->req->headers->content_type // '';
    return $c->refuse(400, 'Content-Type must be application/json')
        unless lc($media_type // '') eq 'application/json';

    my $body    = $c->req->json;
    my $user_id = ref $body eq 'HASH' ? $body->{user_id} : undef;
    return $c->refuse(400, 'user_id is required and must be a string')
        unless defined $user_id && !ref $user_id && created_as_string($user_id);
    die 'provoked' if $user_id eq 'provoke-500';

    my $id = $users{ $c->stash('manufacturer') }{$user_id} //= create_uuid_as_string(UUID_V4);
    $c->render(json => { manufacturer_user_id => $user_id, nox_user_id => $id }, status => 201);
};

app->log->level('fatal');
app->start;
