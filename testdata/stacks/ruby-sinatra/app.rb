# Sinatra on Puma, with the JSON of Ruby's standard library.
# Notable defaults: JSON.parse accepts comments and unknown escapes, and Sinatra answers other methods with 404.
require 'json'
require 'securerandom'
require 'sinatra/base'

class DeviceConnections < Sinatra::Base
  KEYS = {
    'acme-test-key-5c1d0a' => { name: 'acme', enabled: true },
    'globex-test-key-e83b27' => { name: 'globex', enabled: true },
    'initech-test-key-94f6bd' => { name: 'initech', enabled: false }
  }.freeze

  set :show_exceptions, false
  set :raise_errors, false
  set :logging, false
  set :dump_errors, false
  set :users, {}
  set :users_lock, Mutex.new

  helpers do
    def fail_with(status, message)
      content_type :json
      halt status, JSON.generate(error: message)
    end

    def authenticate
      manufacturer = KEYS[request.env['HTTP_X_API_KEY']]
      fail_with 401, 'Invalid API key' unless manufacturer && manufacturer[:enabled]
      manufacturer[:name]
    end

    def read_body
      fail_with 400, 'Content-Type must be application/json' unless request.media_type == 'application/json'
      text = request.body.read.dup.force_encoding(Encoding::UTF_8)
      fail_with 400, 'body must be UTF-8' unless text.valid_encoding?
      JSON.parse(text)
    rescue JSON::ParserError
      fail_with 400, 'body must be valid JSON'
    end

    def resolve(manufacturer, user_id)
      settings.users_lock.synchronize { settings.users[[manufacturer, user_id]] ||= SecureRandom.uuid }
    end
  end

  post '/v2/manufacturer/device-connections' do
    manufacturer = authenticate
    body = read_body
    user_id = body['user_id'] if body.is_a?(Hash)
    unless user_id.is_a?(String) && user_id.valid_encoding?
      fail_with 400, 'user_id is required and must be a string'
    end
    raise 'provoked' if user_id == 'provoke-500'

    content_type :json
    status 201
    JSON.generate(manufacturer_user_id: user_id, nox_user_id: resolve(manufacturer, user_id))
  end

  not_found { fail_with 404, 'Not found' }
  error(Sinatra::BadRequest) { fail_with 400, 'Bad request' }
  error { fail_with 500, 'Internal server error' }
end
