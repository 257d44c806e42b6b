# WEBrick, Ruby's old web server in pure Ruby: a thread for each connection.
# Notable defaults: JSON.parse accepts comments and unknown escapes, and WEBrick requires a Content-Length.
require 'json'
require 'securerandom'
require 'webrick'

KEYS = {
  'acme-test-key-5c1d0a' => { name: 'acme', enabled: true },
  'globex-test-key-e83b27' => { name: 'globex', enabled: true },
  'initech-test-key-94f6bd' => { name: 'initech', enabled: false }
}.freeze
PATH = '/v2/manufacturer/device-connections'.freeze

class Refused < StandardError
  attr_reader :status

  def initialize(status, message)
    super(message)
    @status = status
  end
end

class DeviceConnections < WEBrick::HTTPServlet::AbstractServlet
  USERS = {}
  LOCK = Mutex.new

  def service(request, response)
    response['Content-Type'] = 'application/json'
    response.status, body = answer(request, response)
    response.body = JSON.generate(body)
  rescue Refused => e
    response.status = e.status
    response.body = JSON.generate(error: e.message)
  rescue WEBrick::HTTPStatus::Status
    raise # WEBrick's own refusals: no length, a broken chunk
  rescue StandardError
    response.status = 500
    response.body = JSON.generate(error: 'Internal server error')
  end

  private

  def answer(request, response)
    raise Refused.new(404, 'Not found') unless request.path == PATH
    unless request.request_method == 'POST'
      response['Allow'] = 'POST'
      raise Refused.new(405, 'Method not allowed')
    end
    manufacturer = KEYS[request['x-api-key']]
    raise Refused.new(401, 'Invalid API key') unless manufacturer && manufacturer[:enabled]

    user_id = read_user_id(request)
    raise 'provoked' if user_id == 'provoke-500'

    id = LOCK.synchronize { USERS[[manufacturer[:name], user_id]] ||= SecureRandom.uuid }
    [201, { manufacturer_user_id: user_id, nox_user_id: id }]
  end

  def read_user_id(request)
    unless request.content_type.to_s.split(';').first.to_s.strip.casecmp?('application/json')
      raise Refused.new(400, 'Content-Type must be application/json')
    end
    body = JSON.parse(request.body.to_s.dup.force_encoding(Encoding::UTF_8))
    user_id = body['user_id'] if body.is_a?(Hash)
    return user_id if user_id.is_a?(String) && user_id.valid_encoding?

    raise Refused.new(400, 'user_id is required and must be a string')
  rescue JSON::ParserError
    raise Refused.new(400, 'body must be valid JSON')
  end
end

server = WEBrick::HTTPServer.new(BindAddress: '127.0.0.1', Port: ENV.fetch('PORT').to_i, AccessLog: [],
                                 Logger: WEBrick::Log.new($stderr, WEBrick::Log::WARN))
server.mount('/', DeviceConnections)
%w[INT TERM].each { |signal| trap(signal) { server.shutdown } }
server.start
