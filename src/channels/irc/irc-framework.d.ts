// The part of irc-framework that is used; the package brings no types.

declare module 'irc-framework' {
  import type { EventEmitter } from 'node:events'

  export interface IrcMessage {
    readonly type: string
    readonly from_server?: boolean
    readonly nick: string
    readonly ident?: string
    readonly hostname?: string
    readonly target: string
    readonly message: string
    readonly account?: string
    readonly tags: Readonly<Record<string, string>>
  }

  interface Middleware {
    use(see: (command: string, message: unknown, line: string, client: Client, next: () => void) => void): void
  }

  export class Client extends EventEmitter {
    constructor(options?: Record<string, unknown>)
    readonly user: { readonly nick: string }
    readonly connected: boolean
    connect(options: Record<string, unknown>): void
    requestCap(capability: string | readonly string[]): void
    raw(...parts: string[]): void
    join(channel: string): void
    changeNick(nick: string): void
    quit(message?: string): void
    use(install: (client: Client, lines: Middleware) => void): void
  }
}
