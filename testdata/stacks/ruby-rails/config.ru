# Rails in one file on Puma: an API controller that reads what Rails itself makes of the body.
# Notable defaults: ActiveSupport's JSON accepts comments, and Rails parses the body before the controller sees the key.
require 'action_controller/railtie'
require 'securerandom'

class Application < Rails::Application
  config.load_defaults 6.1
  config.eager_load = true
  config.consider_all_requests_local = false
  config.secret_key_base = 'not used: there are no sessions'
  config.hosts.clear
  config.logger = Logger.new(nil)
  config.api_only = true
  # What Rails refuses outside a controller (malformed JSON, unknown path) is answered here.
  config.exceptions_app = lambda do |env|
    status = env['PATH_INFO'].delete('/').to_i
    message = status == 500 ? 'Internal server error' : Rack::Utils::HTTP_STATUS_CODES[status]
    [status, { 'Content-Type' => 'application/json; charset=utf-8' }, [{ error: message }.to_json]]
  end
end

class DeviceConnectionsController < ActionController::API
  KEYS = {
    'acme-test-key-5c1d0a' => { name: 'acme', enabled: true },
    'globex-test-key-e83b27' => { name: 'globex', enabled: true },
    'initech-test-key-94f6bd' => { name: 'initech', enabled: false }
  }.freeze
  USERS = {}
  USERS_LOCK = Mutex.new

  before_action :authenticate
  wrap_parameters false

  def create
    return refuse(:bad_request, 'Content-Type must be application/json') unless request.media_type == 'application/json'

    user_id = request.request_parameters['user_id']
    return refuse(:bad_request, 'user_id is required and must be a string') unless user_id.is_a?(String)
    raise 'provoked' if user_id == 'provoke-500'

    nox_user_id = USERS_LOCK.synchronize { USERS[[@manufacturer, user_id]] ||= SecureRandom.uuid }
    render json: { manufacturer_user_id: user_id, nox_user_id: nox_user_id }, status: :created
  end

  private

  def authenticate
    key = KEYS[request.headers['x-api-key']]
    return refuse(:unauthorized, 'Invalid API key') unless key && key[:enabled]

    @manufacturer = key[:name]
  end

  def refuse(status, message)
    render json: { error: message }, status: status
  end
end

Application.initialize!
Application.routes.draw do
  post '/v2/manufacturer/device-connections', to: 'device_connections#create'
end
run Application
