// The least that can be called a server: it listens and answers. Argument: the port.
import { createServer } from 'node:http'

createServer((_, response) => response.end('{"ready":true}')).listen(Number(process.argv[2]), '127.0.0.1')
