require_relative 'app'
run DeviceConnections
