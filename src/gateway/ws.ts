// The sockets' library, in a module of its own so that it loads when asked for.

export { WebSocketServer } from 'ws'
