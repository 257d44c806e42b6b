module stacks.test/net-http

go 1.26
